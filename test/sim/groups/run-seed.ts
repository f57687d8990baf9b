import { SeededRandom } from '@courant/kernel'
import { ensure } from '../src/checks/violation.ts'
import { Journal } from '../src/cluster/journal.ts'
import { Scheduler } from '../src/machine/scheduler.ts'
import { Nemesis } from './faults/nemesis.ts'
import { Member } from './load/member.ts'
import { drawOptions } from './options.ts'
import { ControlPlaneNode } from './processes/control-plane-node.ts'
import { GatewayNode } from './processes/gateway-node.ts'
import { World } from './world.ts'

export interface RunOptions {
  readonly seconds: number
  /** Kinds of faults; all for none. */
  readonly only: readonly string[]
}

export interface SeedReport {
  readonly seed: number
  readonly failure: string | null
  readonly simulatedMs: number
  readonly events: number
  readonly trace: number
  readonly faults: readonly (readonly [kind: string, count: number])[]
  readonly processed: number
  readonly repeated: number
  readonly commits: number
  readonly handovers: number
}

const TOPICS = ['orders', 'payments']
const HEAL_MS_MAX = 120_000
const LOOK_MS = 250

/** One world, from its begin to its rest. Everything that happens follows from the seed. */
export async function runSeed(
  seed: number,
  { seconds, only }: RunOptions,
  print: ((line: string) => void) | null = null,
): Promise<SeedReport> {
  const scheduler = new Scheduler()
  const random = new SeededRandom(seed)
  const world = new World(scheduler, random, drawOptions(random))
  const journal = new Journal(scheduler, print)
  build(world, journal)
  const nemesis = new Nemesis(world, journal, only)
  const run = async (): Promise<void> => {
    nemesis.start()
    produce(world, seconds * 1_000)
    await pass(world, seconds * 1_000)
    nemesis.heal()
    world.isHealed = true
    journal.tell('nemesis', () => 'all is healed')
    await rest(world)
  }
  let failure: string | null = null
  try {
    await scheduler.run(Promise.race([run(), world.failed]))
  } catch (error) {
    failure = error instanceof Error ? (error.stack ?? error.message) : String(error)
  }
  const { checks } = world
  const { count: processed, repeated } = checks.processed
  return {
    seed,
    failure,
    simulatedMs: scheduler.nowMs,
    events: scheduler.eventCount,
    trace: scheduler.trace,
    faults: [...nemesis.counts],
    ...{ processed, repeated, commits: checks.commits, handovers: checks.handovers },
  }
}

function build(world: World, journal: Journal): void {
  const { options, random } = world
  for (const name of TOPICS) {
    world.setTopic({ topicId: random.uuid(), name, partitions: 1 + random.below(4) })
  }
  for (let index = 1; index <= options.controlPlanes; index += 1) {
    const log = journal.loggerOf.bind(journal)
    world.controlPlanes.push(new ControlPlaneNode(`control-plane-${index}:1`, world, log))
  }
  for (let index = 1; index <= options.gateways; index += 1) {
    world.gateways.push(new GatewayNode(`gateway-${index}`, world))
  }
  for (let group = 1; group <= options.groups; group += 1) {
    for (let index = 1; index <= options.membersPerGroup; index += 1) {
      world.members.push(new Member(memberOptions(random, `group-${group}`, index), world))
    }
  }
  for (const node of [...world.controlPlanes, ...world.gateways, ...world.members]) node.boot()
}

function memberOptions(random: SeededRandom, group: string, index: number) {
  return {
    group,
    memberId: `${group}-member-${index}`,
    topics: random.below(4) === 0 ? TOPICS.slice(0, 1) : TOPICS,
    sessionTimeoutMs: 6_000 + random.below(4_000),
    rebalanceTimeoutMs: 3_000 + random.below(9_000),
    workMs: random.below(100),
    waitMs: random.below(3_000),
  }
}

function produce(world: World, untilMs: number): void {
  const { options, random, scheduler } = world
  scheduler.at(random.next() * 2 * options.recordEveryMs, null, () => {
    if (world.nowMs > untilMs) return
    const keys = world.partitionKeys
    const key = keys[random.below(keys.length)] ?? ''
    const log = world.logAt(key)
    log.append(`${key}/${log.end}`)
    produce(world, untilMs)
  })
}

/** Every group has processed and committed everything, and everything is where it is to be. */
async function rest(world: World): Promise<void> {
  const untilMs = world.nowMs + HEAL_MS_MAX
  while (whatIsLeft(world) !== null) {
    ensure(world.nowMs < untilMs, () => `after all was healed: ${whatIsLeft(world)}`)
    await pass(world, LOOK_MS)
  }
}

function whatIsLeft(world: World): string | null {
  const groups = new Set(world.members.map(({ options }) => options.group))
  for (const group of groups) {
    const table = world.database.tables.groupNamed(world.tenantId, group)
    if (table === null) return `there is no ${group}`
    for (const { topicId, name, partitions } of wantedTopics(world, group)) {
      for (let partition = 0; partition < partitions; partition += 1) {
        const key = `${topicId}/${partition}`
        const row = table.partitions.get(key)
        const place = `${group} ${name}/${partition}`
        if (row?.owner == null || row.owner !== row.target) return `${place} has no owner`
        const { end } = world.logAt(key)
        const missing = world.checks.processed.firstMissing(`${group} ${key}`, end)
        if (missing !== null) return `${place} ${missing} was never processed`
        const committed = world.checks.committed(group, key)
        if (committed !== end) return `${place} is committed to ${committed} of ${end}`
      }
    }
  }
  return null
}

function wantedTopics(world: World, group: string) {
  const names = new Set(
    world.members
      .filter(({ options }) => options.group === group)
      .flatMap(({ options }) => options.topics),
  )
  return world.catalog.topics.filter(({ name }) => names.has(name))
}

function pass(world: World, ms: number): Promise<void> {
  return new Promise((resolve) => world.scheduler.at(ms, null, resolve))
}

/**
 * What many members cost that have nothing to do: a thousand in one group whose polls wait, which
 * must not rebalance any more, and ten thousand that only say that they are alive.
 */
import { absoluteFigure, type Figure, type Goal } from '../harness/figure.ts'
import type { Bench, Suite } from '../harness/suite.ts'
import type * as Heartbeats from '../load/heartbeats.ts'
import type * as WaitingPolls from '../load/waiting-polls.ts'
import { databaseWrites } from '../system/database-writes.ts'
import { GatewayUnderTest } from '../system/gateway-under-test.ts'

const MEMBERS = 1_000
const PARTITIONS = 100
const TOPIC = 'members'
const GROUP = 'large'
const BEATING_GROUPS = 1_000
const BEATING_GROUP_MEMBERS = 10
/** Processes of PostgreSQL that have become idle tell what they did 10 s later. */
const COUNTED_SECONDS = 11
/** Less says nothing. */
const SECONDS_MIN = 3
const RUN_LENGTH = 6
const STABLE: Goal = { must: 0, aim: 0, sense: 'at most' }
const WRITES: Goal = { must: 100, aim: 10, sense: 'at most' }

export const groupMembers: Suite = {
  name: 'group-members',
  async *run(bench: Bench): AsyncGenerator<Figure> {
    const gateway = await GatewayUnderTest.start(bench)
    const { cluster } = gateway
    await gateway.createTopic(TOPIC, PARTITIONS)
    const seconds = Math.max(SECONDS_MIN, bench.plan.seconds * RUN_LENGTH)
    const members = bench.scaled(MEMBERS)
    const pollsUrl = new URL('../load/waiting-polls.ts', import.meta.url)
    const polls = bench.worker<typeof WaitingPolls>('load', pollsUrl)
    const startedMs = performance.now()
    await polls.join({
      port: gateway.port,
      apiKey: gateway.apiKey,
      group: GROUP,
      topic: TOPIC,
      members,
      owners: Math.min(members, PARTITIONS),
    })
    const joinSeconds = (performance.now() - startedMs) / 1000
    await polls.stay({ seconds: Math.min(COUNTED_SECONDS, seconds) })
    const epochBefore = await gateway.groupEpoch(GROUP)
    const stay = await costOf(gateway, seconds, () => polls.stay({ seconds }))
    const of = `${members} members of one group wait`
    yield absoluteFigure({
      name: `${of}: rebalances after the last has joined`,
      value: (await gateway.groupEpoch(GROUP)) - epochBefore,
      unit: '',
      goal: STABLE,
      note: `they joined within ${joinSeconds.toFixed(1)} s`,
    })
    yield* shown(of, stay)

    const groups = bench.scaled(BEATING_GROUPS)
    const beatsUrl = new URL('../load/heartbeats.ts', import.meta.url)
    const beats = bench.worker<typeof Heartbeats>('load', beatsUrl)
    await beats.join({
      target: cluster.controlPlane,
      tenantId: gateway.tenantId,
      topic: TOPIC,
      groups,
      membersPerGroup: BEATING_GROUP_MEMBERS,
    })
    await beats.beat({ seconds: Math.min(COUNTED_SECONDS, seconds) })
    let perSecond = 0
    const beating = await costOf(gateway, seconds, async () => {
      perSecond = await beats.beat({ seconds })
    })
    const beatingMembers = groups * BEATING_GROUP_MEMBERS
    yield* shown(
      `${beatingMembers} members of ${groups} more groups beat ${Math.round(perSecond)} times/s`,
      beating,
    )
  },
}

interface Cost {
  readonly transactionsPerSecond: number
  readonly rowsPerSecond: number
  /** Per cent of a core. */
  readonly controlPlane: number
}

async function costOf(
  { cluster }: GatewayUnderTest,
  seconds: number,
  work: () => Promise<void>,
): Promise<Cost> {
  const { database, controlPlaneProcess } = cluster
  const [before, cpuBefore] = [await databaseWrites(database), controlPlaneProcess.cpuSeconds()]
  await work()
  const [after, cpuAfter] = [await databaseWrites(database), controlPlaneProcess.cpuSeconds()]
  return {
    transactionsPerSecond: (after.transactions - before.transactions) / seconds,
    rowsPerSecond: (after.rows - before.rows) / seconds,
    controlPlane: ((cpuAfter - cpuBefore) / seconds) * 100,
  }
}

function* shown(of: string, cost: Cost): Generator<Figure> {
  const { transactionsPerSecond, rowsPerSecond, controlPlane } = cost
  const [writes, cpu] = [`${of}: rows written`, `${of}: control plane`]
  yield absoluteFigure({
    name: writes,
    value: rowsPerSecond,
    unit: '/s',
    goal: WRITES,
    note: `${transactionsPerSecond.toFixed(1)} transactions/s, those that only read included`,
  })
  yield absoluteFigure({ name: cpu, value: controlPlane, unit: '% of a core', goal: null })
}

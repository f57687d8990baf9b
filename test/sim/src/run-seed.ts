import { SeededRandom } from '@courant/kernel'
import { ClusterChecker } from './checks/cluster-checker.ts'
import { compareReplicas } from './checks/compare-replicas.ts'
import { ensure, Violation } from './checks/violation.ts'
import type { Acks } from './cluster/gateway-node.ts'
import { clusterOptions } from './cluster/options.ts'
import { SimCluster } from './cluster/sim-cluster.ts'
import { Nemesis } from './faults/nemesis.ts'
import { seedOf } from './machine/machine.ts'
import { Consumer } from './workload/consumer.ts'
import { LeaderPromises } from './workload/leader-promises.ts'
import { Producer, Values } from './workload/producer.ts'
import { newTally, type Tally } from './workload/tally.ts'
import type { Target } from './workload/target.ts'
import { Topics } from './workload/topics.ts'

export interface RunOptions {
  /** Of simulated time with faults. */
  readonly seconds: number
  /** Kinds of faults that may strike; none named: what the seed draws. */
  readonly only: readonly string[]
}

export interface SeedReport {
  readonly seed: number
  /** Null: every promise was kept. */
  readonly failure: string | null
  readonly tally: Tally
  /** How often each kind of fault was done. */
  readonly faults: ReadonlyMap<string, number>
  readonly faultLog: readonly string[]
  readonly simulatedMs: number
  readonly events: number
  readonly trace: number
}

const START_MS_MAX = 30_000
const QUIET_MS = 2_000
/** Reliability C4, liveness after heal. */
const LEADERS_MS_MAX = 15_000
const IN_SYNC_MS_MAX = 60_000
const WRITES_MS_MAX = 15_000
/** Beyond the time for faults; virtual time is cheap, and a loop without an end is a failure. */
const END_MS_MAX = 900_000
/** What producers of a seed ask for. */
const ACKS: readonly (readonly Acks[])[] = [
  ['all'],
  ['all'],
  ['all', 'all', 'leader'],
  ['all', 'leader', 'none'],
]

/** One history: faults for so many seconds, then everything is healed and must work again. */
export async function runSeed(
  seed: number,
  { seconds, only }: RunOptions,
  print: ((line: string) => void) | null = null,
): Promise<SeedReport> {
  const random = new SeededRandom(seed)
  const cluster = new SimCluster(random.below(2 ** 32), clusterOptions(random), print)
  const history = new History(cluster, seedOf(random), only)
  // What a process does not handle would end it: that is a failure whatever the rest says.
  const unhandled = watchUnhandled(cluster)
  let failure: string | null = null
  try {
    await cluster.scheduler.run(Promise.race([history.run(seconds * 1_000), unhandled.failed]))
  } catch (error) {
    failure = error instanceof Violation ? error.message : describe(error)
  } finally {
    unhandled.stop()
  }
  const { tally, nemesis } = history
  const { nowMs, eventCount, trace } = cluster.scheduler
  return {
    seed,
    failure,
    tally,
    faults: nemesis.counts,
    faultLog: nemesis.log,
    simulatedMs: nowMs,
    events: eventCount,
    trace,
  }
}

class History {
  readonly tally = newTally()
  readonly nemesis: Nemesis
  readonly #cluster: SimCluster
  readonly #checker: ClusterChecker
  readonly #promises: LeaderPromises
  readonly #topics: Topics
  readonly #random: SeededRandom
  readonly #producers: Producer[]
  readonly #consumers = new Map<Target, Consumer>()
  readonly #running: Promise<void>[] = []
  readonly #failed = Promise.withResolvers<never>()

  constructor(cluster: SimCluster, random: SeededRandom, only: readonly string[]) {
    this.#cluster = cluster
    this.#random = random
    this.#checker = new ClusterChecker(cluster)
    this.#promises = new LeaderPromises(this.#checker)
    this.#topics = new Topics(cluster)
    this.nemesis = new Nemesis({ cluster, topics: this.#topics, random: seedOf(random) }, only)
    const values = new Values()
    const pauseMs = [40, 120, 400][random.below(3)] ?? 120
    const paddedTo = [16, 300, 3_000][random.below(3)] ?? 16
    const acks = ACKS[random.below(ACKS.length)] ?? ['all']
    this.#producers = Array.from(
      { length: 1 + random.below(3) },
      () =>
        new Producer({
          cluster,
          checker: this.#checker,
          promises: this.#promises,
          values,
          tally: this.tally,
          random: seedOf(random),
          targets: () => this.#topics.targets,
          pauseMs,
          paddedTo,
          acks,
        }),
    )
    this.#topics.onCreate = (targets) => this.#consume(targets)
  }

  async run(ms: number): Promise<void> {
    this.#cluster.journal.later(ms + END_MS_MAX, () =>
      this.#failed.reject(new Violation('it does not come to an end')),
    )
    await Promise.race([this.#phases(ms), this.#failed.promise])
  }

  async #phases(ms: number): Promise<void> {
    const cluster = this.#cluster
    cluster.start()
    const isReady = (): boolean =>
      [...cluster.state.brokers.values()].filter(({ state }) => state === 'active').length ===
      cluster.brokers.length
    ensure(await cluster.until(isReady, START_MS_MAX), () => 'the cluster does not start')
    this.#createTopics()
    for (const producer of this.#producers) this.#go(producer.run())
    await cluster.sleep(QUIET_MS)
    await this.nemesis.run(ms)
    this.nemesis.heal()
    await this.#recovers()
    for (const producer of this.#producers) producer.stop()
    for (const consumer of this.#consumers.values()) consumer.stop()
    await Promise.all(this.#running)
    await this.#promises.check(cluster)
    await this.#readsAll()
    for (const { name } of this.#topics.all()) cluster.stopRetention(name)
    await compareReplicas(cluster, this.#checker, this.#topics.targets)
  }

  #createTopics(): void {
    const random = this.#random
    for (let index = 0; index < 1 + random.below(2); index += 1) {
      this.#topics.create({
        name: `topic-${index}`,
        partitionCount: 1 + random.below(3),
        minInsyncReplicas: [2, 2, 2, 1, 3][random.below(5)] ?? 2,
      })
    }
  }

  #go(work: Promise<void>): void {
    this.#running.push(work)
    work.catch((error: unknown) => this.#failed.reject(error))
  }

  #consume(targets: readonly Target[]): void {
    for (const target of targets) {
      const consumer = new Consumer({
        cluster: this.#cluster,
        checker: this.#checker,
        tally: this.tally,
        random: seedOf(this.#random),
        target,
      })
      this.#consumers.set(target, consumer)
      this.#go(consumer.run())
    }
  }

  /** The liveness phase: leaders, in-sync replicas, and writes that are acknowledged. */
  async #recovers(): Promise<void> {
    const cluster = this.#cluster
    const rows = () => [...cluster.state.partitions.values()]
    const allLed = (): boolean => rows().every(({ leader }) => leader !== null)
    ensure(
      await cluster.until(allLed, LEADERS_MS_MAX),
      () => `partitions have no leader ${LEADERS_MS_MAX} ms after all was healed`,
    )
    const allInSync = (): boolean =>
      rows().every(
        ({ inSyncReplicas, replicas, addingReplicas, targetReplicas }) =>
          addingReplicas.length + targetReplicas.length === 0 &&
          inSyncReplicas.length === replicas.length,
      )
    ensure(
      await cluster.until(allInSync, IN_SYNC_MS_MAX),
      () => `replicas are not in sync ${IN_SYNC_MS_MAX} ms after all was healed`,
    )
    for (const target of this.#topics.targets) await this.#writes(target)
  }

  /** Gateways may have to hear first of what has changed. */
  async #writes(target: Target): Promise<void> {
    const cluster = this.#cluster
    const [producer] = this.#producers
    const giveUpMs = cluster.scheduler.nowMs + WRITES_MS_MAX
    while ((await producer?.write(target, 'all')) !== true) {
      ensure(
        cluster.scheduler.nowMs < giveUpMs,
        () => `nothing can be written to ${target.topic}/${target.partition}`,
      )
      await cluster.sleep(200)
    }
  }

  /** Consumers read on until they have everything that was ever committed. */
  async #readsAll(): Promise<void> {
    for (const [target, consumer] of this.#consumers) {
      const log = this.#checker.committedLog(target.topicId, target.partition)
      for (let attempt = 0; attempt < 200 && consumer.position < log.end; attempt += 1) {
        if (log.isDeleted) break
        await consumer.poll(100)
      }
      ensure(
        // Further while a checker still reads the files of the leader: that claim is settled below.
        log.isDeleted || consumer.position >= log.end,
        () => `a consumer of ${log.name} gets to ${consumer.position} of ${log.end}`,
      )
    }
  }
}

function watchUnhandled(cluster: SimCluster): { readonly failed: Promise<never>; stop(): void } {
  const failed = Promise.withResolvers<never>()
  failed.promise.catch(() => undefined)
  const onRejection = (error: unknown): void => {
    const { current } = cluster.scheduler
    if (current?.isAlive === false) return
    failed.reject(new Error(`unhandled in ${current?.host ?? 'the simulation'}`, { cause: error }))
  }
  process.on('unhandledRejection', onRejection)
  return { failed: failed.promise, stop: () => process.off('unhandledRejection', onRejection) }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined ? '' : ` because of ${describe(error.cause)}`
  return `${error.stack}${cause}`
}

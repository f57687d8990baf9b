import { BusError, type SeededRandom } from '@courant/kernel'
import { PADDING } from '../checks/batch.ts'
import type { ClusterChecker } from '../checks/cluster-checker.ts'
import type { Acks, Written } from '../cluster/gateway-node.ts'
import type { SimCluster } from '../cluster/sim-cluster.ts'
import type { LeaderPromises } from './leader-promises.ts'
import type { Tally } from './tally.ts'
import type { Target } from './target.ts'

/** Values that were never used before, in the order in which a client sends them. */
export class Values {
  #next = 0

  next(): string {
    this.#next += 1
    return `v${this.#next}`
  }
}

export interface ProducerParts {
  readonly cluster: SimCluster
  readonly checker: ClusterChecker
  readonly promises: LeaderPromises
  readonly values: Values
  readonly tally: Tally
  readonly random: SeededRandom
  readonly targets: () => readonly Target[]
  readonly pauseMs: number
  /** Values are filled up to a size below this. */
  readonly paddedTo: number
  /** Drawn from for each burst. */
  readonly acks: readonly Acks[]
}

const BURST_MAX = 6
/** Far longer than a caller waits: then nobody answers at all. */
const SILENCE_MS_MAX = 180_000

/** A client that writes unique values through some gateway, one after the other or in bursts. */
export class Producer {
  readonly #parts: ProducerParts
  #isStopped = false

  constructor(parts: ProducerParts) {
    this.#parts = parts
  }

  stop(): void {
    this.#isStopped = true
  }

  async run(): Promise<void> {
    const { cluster, random, targets, pauseMs, acks } = this.#parts
    while (!this.#isStopped) {
      const known = targets()
      const target = known[random.below(known.length)]
      const count = random.below(8) === 0 ? 1 + random.below(BURST_MAX) : 1
      const wanted = acks[random.below(acks.length)] ?? 'all'
      if (target !== undefined) {
        await Promise.all(Array.from({ length: count }, () => this.write(target, wanted)))
      }
      await cluster.sleep(random.next() * 2 * pauseMs)
    }
  }

  /** Whether it was acknowledged as asked for. */
  async write(target: Target, acks: Acks): Promise<boolean> {
    const { cluster, checker, values, random, paddedTo, promises } = this.#parts
    const value = values.next()
    const gateway = cluster.gateways[random.below(cluster.gateways.length)]
    if (gateway === undefined) return false
    const { topic: name, topicId, partition } = target
    const timeoutMs = 500 + random.below(8_000)
    const bytes = Buffer.from(value.padEnd(random.below(paddedTo), PADDING), 'latin1')
    const term = acks === 'leader' ? checker.soleTerm(topicId, partition) : null
    const asked = { process: gateway.machine.process, timeoutMs: SILENCE_MS_MAX }
    const produced = gateway.produce({ name, partition, value: bytes, acks }, timeoutMs)
    try {
      const what = (): string => `a produce of ${value}`
      const written = await cluster.within(produced, asked, what)
      this.#acknowledged(value, target, acks, written)
      if (written.topicId === topicId) promises.made(value, target, term)
      return true
    } catch (thrown) {
      this.#failed(value, target, thrown)
      return false
    }
  }

  #acknowledged(
    value: string,
    { partition }: Target,
    acks: Acks,
    { topicId, offset }: Written,
  ): void {
    const { cluster, checker, tally } = this.#parts
    if (offset === null) {
      tally.unconfirmed += 1
      return
    }
    const log = checker.committedLog(topicId, partition)
    if (acks === 'leader') {
      tally.acknowledgedByLeader += 1
      if (!log.isDeleted) log.acknowledgedByLeader(value, offset)
    } else {
      tally.acknowledged += 1
      if (!log.isDeleted) log.acknowledged(value, offset)
    }
    cluster.journal.tell('client', () => `${value} at ${offset} of ${log.name}, acks=${acks}`)
  }

  #failed(value: string, { topic, partition }: Target, thrown: unknown): void {
    const { cluster, checker, tally } = this.#parts
    const error = BusError.from(thrown)
    if (error.code === 'INTERNAL') throw thrown
    cluster.journal.tell('client', () => `${value} of ${topic}/${partition}: ${error.message}`)
    if (error.facts.applied === 'unknown') tally.unknown += 1
    else {
      tally.refused += 1
      // With a topic everything is gone that may have been written to it.
      if (error.code !== 'TOPIC_NOT_FOUND') checker.fates.refused(value)
    }
  }
}

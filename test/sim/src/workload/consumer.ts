import { BusError, type SeededRandom } from '@courant/kernel'
import { batchesOf } from '../checks/batch.ts'
import type { ClusterChecker } from '../checks/cluster-checker.ts'
import { ensure } from '../checks/violation.ts'
import type { SimCluster } from '../cluster/sim-cluster.ts'
import type { Tally } from './tally.ts'
import type { Target } from './target.ts'

export interface ConsumerParts {
  readonly cluster: SimCluster
  readonly checker: ClusterChecker
  readonly tally: Tally
  readonly random: SeededRandom
  readonly target: Target
}

const WAIT_MS_MAX = 2_000
const DAMAGED: ReadonlySet<string> = new Set(['STORAGE_CORRUPT', 'CORRUPT_MESSAGE'])
const SILENCE_MS_MAX = 60_000

/** A client that reads one partition from its begin, through some gateway, record by record. */
export class Consumer {
  readonly #parts: ConsumerParts
  #position = 0
  #isStopped = false

  constructor(parts: ConsumerParts) {
    this.#parts = parts
  }

  get position(): number {
    return this.#position
  }

  stop(): void {
    this.#isStopped = true
  }

  async run(): Promise<void> {
    const { cluster, random } = this.#parts
    const { topicId, partition } = this.#parts.target
    const log = this.#parts.checker.committedLog(topicId, partition)
    while (!this.#isStopped && !log.isDeleted) {
      await this.poll(random.below(WAIT_MS_MAX))
      await cluster.sleep(20 + random.below(500))
    }
  }

  async poll(waitMs: number): Promise<void> {
    const { cluster, checker, tally, random, target } = this.#parts
    const { topicId, partition } = target
    const log = checker.committedLog(topicId, partition)
    const gateway = cluster.gateways[random.below(cluster.gateways.length)]
    if (gateway === undefined) return
    const from = this.#position
    const asked = { process: gateway.machine.process, timeoutMs: SILENCE_MS_MAX }
    try {
      const fetching = gateway.fetch({ topicId, partition, offset: from }, waitMs)
      const what = (): string => `a fetch of ${log.name} at ${from}`
      const { records } = await cluster.within(fetching, asked, what)
      if (log.isDeleted) return
      const count = this.#take(records)
      if (count === 0) tally.emptyReads += 1
      tally.read += count
    } catch (thrown) {
      const error = BusError.from(thrown)
      if (error.code === 'INTERNAL') throw thrown
      tally.failedReads += 1
      cluster.journal.tell('client', () => `${log.name} from ${from}: ${error.message}`)
      ensure(
        !DAMAGED.has(error.code) || cluster.brokers.some(({ isDamaged }) => isDamaged),
        () => `a consumer of ${log.name} at ${from} hears of damage: ${error.message}`,
      )
      if (error.code === 'OFFSET_OUT_OF_RANGE' && !log.isDeleted) this.#reset(error)
    }
  }

  /** Only to where the log begins by now, past what was deleted. */
  #reset(error: BusError): void {
    const { checker, tally, target } = this.#parts
    const log = checker.committedLog(target.topicId, target.partition)
    const start = Number(error.extra?.['logStartOffset'])
    ensure(
      this.#position < log.start && start <= log.start,
      () => `a consumer of ${log.name} at ${this.#position} hears: ${error.message}`,
    )
    tally.resets += 1
    this.#position = Math.max(this.#position, start)
  }

  #take(records: Buffer): number {
    const { checker, target } = this.#parts
    const log = checker.committedLog(target.topicId, target.partition)
    let count = 0
    for (const { base, values } of batchesOf(records)) {
      for (const [index, value] of values.entries()) {
        const offset = base + index
        if (offset < this.#position) continue
        ensure(
          offset === this.#position,
          () => `a consumer of ${log.name} at ${this.#position} is given ${offset} next`,
        )
        log.consumed(value, offset)
        this.#position += 1
        count += 1
      }
    }
    return count
  }
}

import { BusError, type LeaderEpoch, type Offset, type TopicConfig } from '@courant/kernel'
import type { PartitionLog } from '@courant/log'
import {
  type Alteration,
  type EpochEnd,
  type FollowerFetch,
  type PartitionRow,
  ReplicaSet,
} from '@courant/replication'
import { PartitionKeys } from '../keys/partition-keys.ts'
import type { Acks } from './acks.ts'
import { lagLimit, type PartitionHost } from './partition-host.ts'
import type { WaitingAppend } from './pending-produces.ts'
import { NOT_ENOUGH_REPLICAS } from './refusals.ts'
import type { AwaitedEnd, ReachedEnds, WaitingAppends } from './waiting-appends.ts'

interface LowWaiter {
  readonly offset: Offset
  readonly done: () => void
  readonly fail: (error: BusError) => void
}

/**
 * A leader in one term: its log, its replica set, and who waits for what. It begins when the start
 * of its epoch is on the disk.
 */
export class Leadership {
  readonly log: PartitionLog
  readonly epoch: LeaderEpoch
  /** Where the term began: up to here the high watermark may lag behind what was acknowledged. */
  readonly start: Offset
  readonly replicas: ReplicaSet
  readonly keys: PartitionKeys
  readonly #host: PartitionHost
  readonly #waiting: WaitingAppends
  #lowWaiters: LowWaiter[] = []
  /** What followers have been told of. */
  #toldLogStart: Offset

  constructor(host: PartitionHost, log: PartitionLog, row: PartitionRow, waiting: WaitingAppends) {
    this.#host = host
    this.#waiting = waiting
    this.keys = new PartitionKeys(host.keySampling)
    this.log = log
    this.epoch = row.leaderEpoch
    this.start = log.appendedEnd
    const { highWatermark } = log
    const term = { broker: host.brokerId, row, epochStartOffset: this.start, highWatermark }
    this.replicas = new ReplicaSet(term, host.brokers, host.clock.monotonicMs())
    this.#toldLogStart = log.logStartOffset
  }

  get hasFollowers(): boolean {
    return this.replicas.replicas.length > 1
  }

  /** The end for consumers. Throws while it may lie before what an earlier leader acknowledged. */
  latestOffset(): Offset {
    const { highWatermark } = this.log
    if (highWatermark >= this.start) return highWatermark
    throw new BusError('OFFSET_NOT_AVAILABLE', 'The new leader does not know the end yet.')
  }

  /** Throws where acks=all cannot be promised, before anything is appended. */
  requireReplicas(): void {
    if (this.replicas.isUnderMinIsr) throw NOT_ENOUGH_REPLICAS
  }

  /** Acknowledges what ends at `end`, the last of the log, or has it wait. */
  acknowledge(acks: Acks, config: TopicConfig, end: Offset, append: WaitingAppend): void {
    const awaited = this.#awaited(acks, config, end)
    if (awaited === null) append.acknowledge()
    else this.#waiting.add(awaited, end, append)
  }

  /**
   * Acknowledges a duplicate whose original ends at `end` not before that may be: what is not
   * committed may still be taken back, and then the acknowledgement was a lie (reliability B11.2).
   * The leader of a new term does not know what of the log is, until the high watermark has passed
   * where the term began.
   */
  acknowledgeAgain(acks: Acks, config: TopicConfig, end: Offset, append: WaitingAppend): void {
    const until = (acks === -1 ? Math.max(end, this.start) : end) as Offset
    const awaited = this.#awaited(acks, config, until)
    if (awaited === null || this.#reached()[awaited] >= until) append.acknowledge()
    else this.#waiting.addAgain(awaited, until, append)
  }

  /** Whether the high watermark has moved. Releases whoever has waited for what is there now. */
  advance(): boolean {
    const { log, replicas } = this
    const before = log.highWatermark
    replicas.advance(log.durableEnd, lagLimit(this.#host))
    log.advanceHighWatermark(replicas.highWatermark)
    this.#waiting.release(this.#reached())
    return log.highWatermark > before
  }

  /** A follower reports how far its disk is. Null, or where its log diverges: see `ReplicaSet`. */
  replicaFetched(fetch: FollowerFetch): EpochEnd | null {
    const diverging = this.replicas.fetched(fetch, this.log, this.#host.clock.monotonicMs())
    this.releaseLowWaiters()
    return diverging
  }

  /** The change of the in-sync replicas to ask for, or null. */
  proposeAlteration(brokerEpoch: number): Alteration | null {
    return this.replicas.proposeAlteration({ ...lagLimit(this.#host), brokerEpoch })
  }

  /** Whether the log start has moved since the last call. */
  takeLogStartNews(): boolean {
    const { logStartOffset } = this.log
    const hasMoved = logStartOffset !== this.#toldLogStart
    this.#toldLogStart = logStartOffset
    return hasMoved
  }

  /** Resolves when every in-sync replica has deleted its records below `offset` (B5.9). */
  untilDeleted(offset: Offset): Promise<void> {
    return new Promise((done, fail) => {
      this.#lowWaiters.push({ offset, done, fail })
      this.releaseLowWaiters()
    })
  }

  releaseLowWaiters(): void {
    if (this.#lowWaiters.length === 0) return
    const low = this.replicas.lowWatermark(this.log)
    for (const { offset, done } of this.#lowWaiters) if (offset <= low) done()
    this.#lowWaiters = this.#lowWaiters.filter(({ offset }) => offset > low)
  }

  /** The term is over, also for those who wait for the followers' deletions. */
  end(error: BusError): void {
    this.keys.end()
    for (const { fail } of this.#lowWaiters.splice(0)) fail(error)
  }

  /** A client that knows another epoch than ours has to learn before it is served (KIP-320). */
  checkEpoch(epoch: number): void {
    const own = this.epoch
    if (epoch === UNKNOWN_EPOCH || epoch === own) return
    if (epoch < own) throw new BusError('FENCED_LEADER_EPOCH', `The leader epoch is ${own}.`)
    throw new BusError('UNKNOWN_LEADER_EPOCH', `The leader epoch known here is ${own}.`)
  }

  /** What an append up to `end` waits for before it is acknowledged; null when it has that. */
  #awaited(acks: Acks, config: TopicConfig, end: Offset): AwaitedEnd | null {
    const isLazy = config.durability === 'replicated'
    if (acks === 0 || (acks === 1 && isLazy)) return null
    if (acks === 1) return 'durable'
    if (!isLazy) return 'committed'
    return this.#replicatedEnd() >= end ? null : 'replicated'
  }

  #reached(): ReachedEnds {
    const { durableEnd, highWatermark, appendedEnd } = this.log
    const replicated = Math.min(appendedEnd, this.#replicatedEnd())
    return { durable: durableEnd, committed: highWatermark, replicated }
  }

  #replicatedEnd(): number {
    return this.replicas.replicatedEnd(lagLimit(this.#host))
  }
}

/** What a request says that does not know the leader's epoch. */
const UNKNOWN_EPOCH = -1

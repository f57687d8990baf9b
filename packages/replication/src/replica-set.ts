import { assert, type BrokerId, BusError, type LeaderEpoch, type Offset } from '@courant/kernel'
import type { Alteration, AlterationOutcome } from './alteration.ts'
import { divergence, type FollowerEnd } from './divergence.ts'
import { FollowerProgress } from './follower-progress.ts'
import { InSyncReplicas } from './in-sync-replicas.ts'
import type { EpochEnd, LogEnds } from './log-ends.ts'
import type { BrokerRegistry, PartitionRow } from './partition-row.ts'

/** A leader's term as it begins: one `ReplicaSet` for each, so that nothing outlives it. */
export interface LeaderTerm {
  readonly broker: BrokerId
  readonly row: PartitionRow
  /** Where the term's first record goes (Kafka: leader epoch start offset). */
  readonly epochStartOffset: Offset
  /** What the log knew before. */
  readonly highWatermark: Offset
}

/** A follower's fetch of one partition. */
export interface FollowerFetch extends FollowerEnd {
  readonly broker: BrokerId
  readonly brokerEpoch: number
  readonly leaderEpoch: LeaderEpoch
  readonly logStartOffset: Offset
}

export interface LagLimit {
  /** Of a monotonic clock. */
  readonly nowMs: number
  /** How long a follower may lag before it is no longer in sync (replica.lag.time.max.ms). */
  readonly lagMaxMs: number
}

export interface AlterationPolicy extends LagLimit {
  /** Of the leader’s own registration. */
  readonly brokerEpoch: number
}

/**
 * For a member that stays and has not fetched in this term. It asserts nothing: a registration that
 * cost it its place has moved the partition epoch on, and the whole change fails.
 */
const NOT_FETCHED = 0

/** After a refusal or a lost answer: neither is worth a storm. */
const RETRY_MS = 500

/**
 * The leader's side of one partition in one term: which followers have what, how far records are
 * committed, and which change of the in-sync replicas to ask for. It decides and remembers; who
 * calls it reads the log, the clock and the network.
 *
 * The high watermark is the least durable end of the maximal ISR, while the committed ISR is large
 * enough (KIP-966, reliability B5.6). It never goes back in a term.
 */
export class ReplicaSet {
  readonly #broker: BrokerId
  readonly #leaderEpoch: LeaderEpoch
  readonly #epochStartOffset: Offset
  readonly #registry: BrokerRegistry
  readonly #isr: InSyncReplicas
  readonly #followers = new Map<BrokerId, FollowerProgress>()
  #highWatermark: Offset
  #retryAtMs = Number.NEGATIVE_INFINITY

  constructor(term: LeaderTerm, registry: BrokerRegistry, nowMs: number) {
    const { row, broker } = term
    assert(row.leader === broker, 'a leader leads')
    this.#broker = broker
    this.#leaderEpoch = row.leaderEpoch
    this.#epochStartOffset = term.epochStartOffset
    this.#highWatermark = term.highWatermark
    this.#registry = registry
    this.#isr = new InSyncReplicas(row)
    this.#track(row, nowMs)
  }

  get leaderEpoch(): LeaderEpoch {
    return this.#leaderEpoch
  }

  get highWatermark(): Offset {
    return this.#highWatermark
  }

  /** As committed by the control plane. */
  get inSyncReplicas(): readonly BrokerId[] {
    return this.#isr.row.inSyncReplicas
  }

  get replicas(): readonly BrokerId[] {
    return this.#isr.row.replicas
  }

  get maximalIsr(): readonly BrokerId[] {
    return this.#isr.maximal
  }

  /** Whether acks=all can be promised: else it is refused before anything is appended (B6). */
  get isUnderMinIsr(): boolean {
    return !this.#isr.isLarge
  }

  /**
   * A newer row of this term. Who is no replica any more is forgotten, lest it comes back with the
   * progress of a log that it has deleted since.
   */
  adopt(row: PartitionRow, nowMs: number): void {
    assert(row.leaderEpoch === this.#leaderEpoch, 'a row of another term')
    if (!this.#isr.adopt(row)) return
    this.#retryAtMs = Number.NEGATIVE_INFINITY
    this.#track(row, nowMs)
  }

  /**
   * A follower asks for what comes after its durable end. Returns the divergence to answer, or null
   * when it has a part of this log; only then does it count (B5.2, B5.3). Throws
   * FENCED_LEADER_EPOCH, UNKNOWN_LEADER_EPOCH, NOT_LEADER (to it: it is no replica) and
   * OFFSET_OUT_OF_RANGE.
   */
  fetched(fetch: FollowerFetch, log: LogEnds, nowMs: number): EpochEnd | null {
    this.#requireEpoch(fetch.leaderEpoch)
    const follower = this.#followers.get(fetch.broker)
    if (follower === undefined) {
      throw new BusError('NOT_LEADER', 'That broker has no replica of the partition.')
    }
    const diverging = divergence(log, fetch)
    if (diverging !== null) return diverging
    follower.fetched(fetch, log.appendedEnd, nowMs)
    return null
  }

  /** The leader's log has grown. */
  appended(nowMs: number): void {
    for (const follower of this.#followers.values()) follower.fallBehind(nowMs)
  }

  /** Raises the high watermark as far as is safe. Returns whether it has moved. */
  advance(durableEnd: Offset, limit: LagLimit): boolean {
    const end = Math.min(durableEnd, this.replicatedEnd(limit)) as Offset
    if (end <= this.#highWatermark) return false
    this.#highWatermark = end
    return true
  }

  /**
   * How far the log is on the disks of all followers that count: infinite for a leader alone, and
   * below everything while a follower has not been heard of or too few are in sync.
   */
  replicatedEnd(limit: LagLimit): number {
    if (!this.#isr.isLarge) return Number.NEGATIVE_INFINITY
    let end = Number.POSITIVE_INFINITY
    for (const broker of this.#isr.maximal) {
      if (broker === this.#broker) continue
      end = Math.min(end, this.#followers.get(broker)?.endOffset ?? Number.NEGATIVE_INFINITY)
    }
    for (const [broker, follower] of this.#followers) {
      if (this.#isr.maximal.includes(broker)) continue
      if (this.#isAboutToJoin(broker, follower, limit)) end = Math.min(end, follower.endOffset)
    }
    return end
  }

  /** This leader was not running for a while: see `PauseWatch`. */
  forgiveLag(nowMs: number): void {
    for (const follower of this.#followers.values()) follower.forgiveLag(nowMs)
  }

  /** Below it every in-sync replica has deleted its records; -1 while one has not been heard of. */
  lowWatermark({ logStartOffset }: Pick<LogEnds, 'logStartOffset'>): number {
    let low: number = logStartOffset
    for (const broker of this.inSyncReplicas) {
      if (broker === this.#broker) continue
      low = Math.min(low, this.#followers.get(broker)?.logStartOffset ?? -1)
    }
    return low
  }

  /** Whether a replica is not in sync. */
  get hasOutsiders(): boolean {
    return this.#followers.size >= this.inSyncReplicas.length
  }

  /** Whether no change of the in-sync replicas can be due: all are, and have everything. */
  get isQuiet(): boolean {
    if (this.#isr.isUnresolved || this.hasOutsiders) return false
    for (const follower of this.#followers.values()) if (!follower.isCaughtUp) return false
    return true
  }

  /** The longest time that an in-sync follower has been behind. */
  lagMs(nowMs: number): number {
    let lag = 0
    for (const [broker, follower] of this.#followers) {
      if (this.inSyncReplicas.includes(broker)) lag = Math.max(lag, follower.lagMs(nowMs))
    }
    return lag
  }

  /** The change to ask for now, or null. One at a time; the answer has to be told by `settle`. */
  proposeAlteration({ nowMs, lagMaxMs, brokerEpoch }: AlterationPolicy): Alteration | null {
    if (this.#isr.isProposing || nowMs < this.#retryAtMs) return null
    const committed = this.inSyncReplicas
    const stay = committed.filter((broker) => !this.#isLagging(broker, nowMs, lagMaxMs))
    const join = [...this.#followers.keys()].filter(
      (broker) => !committed.includes(broker) && this.#mayJoin(broker),
    )
    const isChange = join.length > 0 || stay.length < committed.length
    // Asking for what is committed is how a lost proposal is settled: the row moves on either way.
    if (!isChange && !this.#isr.isUnresolved) return null
    const members = [...stay, ...join]
    return {
      leaderEpoch: this.#leaderEpoch,
      proposal: this.#isr.propose(members),
      members: members.map((broker) => ({
        broker,
        brokerEpoch: broker === this.#broker ? brokerEpoch : this.#fetchedIn(broker),
      })),
    }
  }

  settle({ proposal }: Alteration, outcome: AlterationOutcome, nowMs: number): void {
    if (outcome.kind !== 'committed') this.#retryAtMs = nowMs + RETRY_MS
    const row = outcome.kind === 'unknown' ? null : outcome.row
    if (row?.leaderEpoch === this.#leaderEpoch) this.adopt(row, nowMs)
    // Committed together with an election of another leader: until the term ends here, the members
    // count, for the new leader may be one of them.
    const isOpen = outcome.kind === 'unknown' || outcome.kind === 'committed'
    if (isOpen && row?.leaderEpoch !== this.#leaderEpoch) this.#isr.lose(proposal)
    else this.#isr.settle(proposal)
  }

  #requireEpoch(epoch: LeaderEpoch): void {
    const own = this.#leaderEpoch
    if (epoch === own) return
    const code = epoch < own ? 'FENCED_LEADER_EPOCH' : 'UNKNOWN_LEADER_EPOCH'
    throw new BusError(code, `The leader epoch known here is ${own}.`)
  }

  #track({ replicas, inSyncReplicas }: PartitionRow, nowMs: number): void {
    for (const broker of this.#followers.keys()) {
      if (!replicas.includes(broker)) this.#followers.delete(broker)
    }
    for (const broker of replicas) {
      if (broker === this.#broker || this.#followers.has(broker)) continue
      const assumed = inSyncReplicas.includes(broker) ? 'caught-up' : 'behind'
      this.#followers.set(broker, new FollowerProgress(assumed, nowMs))
    }
  }

  #fetchedIn(broker: BrokerId): number {
    const follower = this.#followers.get(broker)
    return follower?.hasFetched ? follower.brokerEpoch : NOT_FETCHED
  }

  #isLagging(broker: BrokerId, nowMs: number, lagMaxMs: number): boolean {
    if (broker === this.#broker) return false
    const follower = this.#followers.get(broker)
    return follower === undefined || follower.lagMs(nowMs) > lagMaxMs
  }

  /**
   * It has everything that is committed, and all that the leader had when its term began: below
   * that the leader's high watermark may lag behind what was acknowledged before (B4.4).
   */
  #mayJoin(broker: BrokerId): boolean {
    const follower = this.#followers.get(broker)
    if (follower === undefined || !follower.hasFetched) return false
    const { endOffset } = follower
    const isComplete = endOffset >= this.#highWatermark && endOffset >= this.#epochStartOffset
    return isComplete && this.#isEligible(broker, follower)
  }

  #isEligible(broker: BrokerId, follower: FollowerProgress): boolean {
    const { brokerEpoch } = follower
    return this.#registry.isActive(broker) && this.#registry.epochOf(broker) === brokerEpoch
  }

  /**
   * Under load a follower would for ever be a round trip behind a high watermark that does not wait
   * for it: so it waits for who has caught up and may join (Kafka: shouldWaitForReplicaToJoinIsr).
   */
  #isAboutToJoin(broker: BrokerId, follower: FollowerProgress, limit: LagLimit): boolean {
    if (!follower.hasFetched || follower.lagMs(limit.nowMs) > limit.lagMaxMs) return false
    return this.#isEligible(broker, follower)
  }
}

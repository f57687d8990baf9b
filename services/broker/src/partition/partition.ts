import {
  assert,
  BusError,
  type LeaderEpoch,
  type Offset,
  type PartitionIndex,
  type TopicConfig,
  type TopicId,
} from '@courant/kernel'
import type { LogObserver, PartitionLog } from '@courant/log'
import type {
  Alteration,
  AlterationOutcome,
  EpochEnd,
  FollowerFetch,
  PartitionRow,
} from '@courant/replication'
import type { Acks } from './acks.ts'
import { AdvanceListeners } from './advance-listeners.ts'
import type { FetchedRecords, FetchRequest } from './fetched-records.ts'
import { Leadership } from './leadership.ts'
import { type LogStanding, logStandingOf } from './log-standing.ts'
import type { PartitionHost } from './partition-host.ts'
import { appendProduced, type ProducedAppend } from './produced-append.ts'
import { readRecords } from './read-records.ts'
import { ambiguous, DELETED, expected, NOT_LEADER, refusalOf, STARTING } from './refusals.ts'
import { Replica, type ReplicaObserver, withoutRetention } from './replica.ts'
import { ReplicaListeners } from './replica-listeners.ts'
import type { FollowedTerm, Term } from './terms.ts'
import { WaitingAppends } from './waiting-appends.ts'

/**
 * The one owner of a partition on this broker. It serves while it leads and else refuses, with the
 * reason; meanwhile it may follow another leader. States: refusing or following → starting (the
 * epoch is on its way to the disk) → leading → refusing or following.
 */
export class Partition implements LogObserver, ReplicaObserver {
  readonly topicId: TopicId
  readonly index: PartitionIndex
  readonly onAdvance = new AdvanceListeners()
  /** Fetch sessions of followers, while this broker leads. */
  readonly followers = new ReplicaListeners<Partition>()
  readonly #host: PartitionHost
  #log: PartitionLog | null
  #term: Term | null = null
  #leadership: Leadership | null = null
  #followed: FollowedTerm | null = null
  #replica: Replica | null = null
  /** The last replica may still work on the log. */
  #replicaEnd: Promise<void> = Promise.resolve()
  /** Why nothing is served while there is no leadership. */
  #refusal: BusError = NOT_LEADER
  readonly #waiting = new WaitingAppends()

  constructor(
    host: PartitionHost,
    id: { readonly topicId: TopicId; readonly index: PartitionIndex },
    log: PartitionLog | null,
  ) {
    this.topicId = id.topicId
    this.index = id.index
    this.#host = host
    this.#log = log
  }

  get state(): 'refusing' | 'starting' | 'leading' | 'following' {
    if (this.#leadership !== null) return 'leading'
    if (this.#term !== null) return 'starting'
    return this.#followed === null ? 'refusing' : 'following'
  }

  get leaderEpoch(): LeaderEpoch {
    return this.requireLeadership().epoch
  }

  /** Null while this broker does not lead. */
  get leadership(): Leadership | null {
    return this.#leadership
  }

  /** Throws why this broker does not lead. */
  requireLeadership(): Leadership {
    if (this.#leadership === null) throw this.#refusal
    return this.#leadership
  }

  /** Whether there is anything of it on the disk. */
  get hasLog(): boolean {
    return this.#log !== null
  }

  /** Null without a log. */
  get logStanding(): LogStanding | null {
    if (this.#log === null) return null
    const termEpoch = this.#term?.row.leaderEpoch ?? this.#followed?.leaderEpoch ?? -1
    return logStandingOf(this.#log, termEpoch, this.#leadership !== null)
  }

  /** Whether a read has found damage in it. */
  get isDamaged(): boolean {
    return this.#log?.isCorrupt === true
  }

  /** Whether a reader that saw this high watermark would now see more, or an error. */
  hasMoreThan(highWatermark: number): boolean {
    return this.#leadership === null || this.#leadership.log.highWatermark > highWatermark
  }

  /** The log of a partition that leads, for look-ups. Throws why it does not. */
  get log(): PartitionLog {
    return this.requireLeadership().log
  }

  /**
   * Begins a term: it serves when the start of its epoch is on the disk (reliability B5.7). In a
   * term that goes on, takes over what else has changed. Appends that wait go on waiting: what of
   * the log could be taken back has been cut by then. Rejects with why this broker cannot lead.
   */
  async lead(term: Term): Promise<void> {
    const { leaderEpoch } = term.row
    if (this.#term?.row.leaderEpoch === leaderEpoch) {
      this.#term = term
      this.#log?.configure(term.config)
      this.#adopt(term.row)
      return
    }
    this.#leave(STARTING)
    this.#term = term
    try {
      await this.#start(term)
    } catch (thrown) {
      const error = BusError.from(thrown)
      if (this.#isCurrent(term)) this.refuse(refusalOf(error))
      throw error
    }
  }

  /**
   * Follows another leader. Resolves with the replica to fetch for, or null when this term goes on
   * or is over already.
   */
  async follow(term: FollowedTerm): Promise<Replica | null> {
    const { leader, leaderEpoch } = term
    const known = this.#followed
    if (known?.leaderEpoch === leaderEpoch && known.leader === leader) {
      this.configure(term.config)
      return null
    }
    this.#leave(NOT_LEADER)
    this.#waiting.failUncommittable(ambiguous(NOT_LEADER))
    this.#followed = term
    try {
      return await this.#startReplica(term)
    } catch (error) {
      if (this.#followed === term) this.refuse(NOT_LEADER)
      throw error
    }
  }

  /** Ends the term, if there is one. What has been appended and not acknowledged may stay. */
  refuse(error: BusError): void {
    this.#leave(error)
    this.#waiting.failAll(ambiguous(error))
  }

  /** Settings changed. */
  configure(config: TopicConfig): void {
    if (this.#term !== null) {
      this.#term = { ...this.#term, config }
      this.#log?.configure(config)
    } else if (this.#followed !== null) this.#log?.configure(withoutRetention(config))
  }

  /** Deletes the log for good: see `PartitionRegistry` for when that is allowed (B1.3). */
  async delete(refusal: BusError = DELETED): Promise<void> {
    this.refuse(refusal)
    this.#log = null
    await this.#replicaEnd
    await this.#host.directory.delete(this.topicId, this.index)
  }

  /**
   * Appends one batch. `append` hears its outcome, now or later; nothing is thrown for bad input. A
   * topic with durability=replicated is acknowledged before the leader’s disk has it, and read only
   * after: a consumer never sees a record that a power cut could take back.
   */
  append(records: Buffer | null, acks: Acks, append: ProducedAppend): void {
    try {
      const leadership = this.requireLeadership()
      const { config } = this.#currentTerm()
      const outcome = appendProduced(this.#host, leadership, config, { records, acks, append })
      if (outcome === 'duplicate' || !leadership.hasFollowers) return
      leadership.replicas.appended(this.#host.clock.monotonicMs())
      this.followers.notify(this, 'records')
    } catch (thrown) {
      append.fail(expected(thrown))
    }
  }

  /**
   * Reads below the high watermark. All numbers of the answer belong together: they were taken in
   * one turn, before the read, whose records can only lie within them (KAFKA-7104).
   */
  fetch(request: FetchRequest): FetchedRecords | Promise<FetchedRecords> {
    const { log } = this.requireLeadership()
    this.checkEpoch(request.leaderEpoch)
    const { traffic } = this.#host
    return readRecords(log, request, log.highWatermark, (size) => {
      traffic.fetchedBytes += size
    })
  }

  /**
   * A follower's fetch: it reports how far its own disk is, and reads up to the end of the log, not
   * yet durable records too, so that both disks work at the same time. Safe, because it cuts its
   * log by epochs before it follows another leader.
   */
  fetchReplica(
    fetch: FollowerFetch,
    limits: Pick<FetchRequest, 'maxBytes' | 'first'>,
  ): EpochEnd | FetchedRecords | Promise<FetchedRecords> {
    const leadership = this.requireLeadership()
    const diverging = leadership.replicaFetched(fetch)
    if (diverging !== null) return diverging
    this.#advance()
    if (leadership.replicas.hasOutsiders) this.#host.onReplicasChanged(this)
    const { log } = leadership
    const { traffic } = this.#host
    const request = { ...limits, offset: fetch.offset, leaderEpoch: fetch.leaderEpoch }
    return readRecords(log, request, log.appendedEnd, (size) => {
      traffic.replicatedOutBytes += size
    })
  }

  checkEpoch(epoch: number): void {
    this.requireLeadership().checkEpoch(epoch)
  }

  /** The end for consumers. Throws while it may lie before what an earlier leader acknowledged. */
  latestOffset(): Offset {
    const { log, start } = this.requireLeadership()
    if (log.highWatermark >= start) return log.highWatermark
    throw new BusError('OFFSET_NOT_AVAILABLE', 'The new leader does not know the end yet.')
  }

  /** Followers hear of a log start that retention has moved. */
  tellLogStart(): void {
    if (this.#leadership?.takeLogStartNews()) this.followers.notify(this, 'records')
  }

  /** What became of a change of the in-sync replicas. An answer to an earlier term finds nobody. */
  settleAlteration(alteration: Alteration, outcome: AlterationOutcome): void {
    const leadership = this.#leadership
    if (leadership === null || leadership.epoch !== alteration.leaderEpoch) return
    leadership.replicas.settle(alteration, outcome, this.#host.clock.monotonicMs())
    this.#replicasChanged(leadership)
  }

  /** Called by the log, once a cycle of the ring. */
  durableEndAdvanced(): void {
    this.#advance()
  }

  /** As a follower: what is committed by another leader is acknowledged here as well. */
  replicaAdvanced(): void {
    const committed = this.#log?.highWatermark ?? 0
    this.#waiting.release({ durable: 0, committed, replicated: 0 })
  }

  replicaCut(end: Offset): void {
    this.#waiting.failBeyond(end, ambiguous(NOT_LEADER))
  }

  replicaFailed(error: BusError): void {
    this.#host.onReplicaFailed(this, error)
  }

  async #start(term: Term): Promise<void> {
    const log = await this.#openLog(term.config)
    await this.#replicaEnd
    if (!this.#isCurrent(term)) return
    log.configure(term.config)
    await log.startEpoch(term.row.leaderEpoch)
    if (!this.#isCurrent(term)) return
    // The newest row of the term: another may have come meanwhile.
    this.#leadership = new Leadership(this.#host, log, this.#currentTerm().row, this.#waiting)
    log.observer = this
    this.#advance()
  }

  async #startReplica(term: FollowedTerm): Promise<Replica | null> {
    const log = await this.#openLog(term.config)
    await this.#replicaEnd
    if (this.#followed !== term) return null
    if (term.leaderEpoch < log.leaderEpoch) {
      throw new BusError('FENCED_LEADER_EPOCH', 'The log has records of a later leader.')
    }
    log.configure(withoutRetention(term.config))
    this.#replica = new Replica(log, term, this)
    return this.#replica
  }

  async #openLog(config: TopicConfig): Promise<PartitionLog> {
    const { topicId, index } = this
    this.#log ??= await this.#host.directory.create(topicId, index, config)
    return this.#log
  }

  #isCurrent({ row }: Term): boolean {
    return this.#term?.row.leaderEpoch === row.leaderEpoch
  }

  /** Neither leads nor follows any more, for now at least. */
  #leave(error: BusError): void {
    this.#refusal = error
    this.#term = null
    this.#followed = null
    if (this.#replica !== null) this.#replicaEnd = this.#replica.end()
    this.#replica = null
    const leadership = this.#leadership
    this.#leadership = null
    if (this.#log !== null) this.#log.observer = null
    if (leadership === null) return
    leadership.end(ambiguous(error))
    this.onAdvance.notify()
    this.followers.notify(this, 'records')
  }

  #adopt(row: PartitionRow): void {
    const leadership = this.#leadership
    if (leadership === null) return
    leadership.replicas.adopt(row, this.#host.clock.monotonicMs())
    this.#replicasChanged(leadership)
  }

  #replicasChanged(leadership: Leadership): void {
    this.#advance()
    leadership.releaseLowWaiters()
  }

  #advance(): void {
    if (!this.#leadership?.advance()) return
    this.onAdvance.notify()
    this.followers.notify(this, 'offsets')
  }

  #currentTerm(): Term {
    assert(this.#term !== null, 'a leader has a term')
    return this.#term
  }
}

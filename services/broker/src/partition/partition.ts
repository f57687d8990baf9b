import {
  assert,
  BusError,
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
import { Followership } from './followership.ts'
import { readAppended, readCommitted } from './leader-reads.ts'
import { Leadership } from './leadership.ts'
import { type LogStanding, logStandingOf } from './log-standing.ts'
import type { PartitionHost } from './partition-host.ts'
import { appendProduced, type ProducedAppend } from './produced-append.ts'
import { ambiguous, DELETED, expected, NOT_LEADER, refusalOf, STARTING } from './refusals.ts'
import { type Replica, withoutRetention } from './replica.ts'
import { ReplicaListeners } from './replica-listeners.ts'
import type { FollowedTerm, Term } from './terms.ts'
import { WaitingAppends } from './waiting-appends.ts'

/**
 * The one owner of a partition on this broker. It serves while it leads and else refuses, with the
 * reason; meanwhile it may follow another leader. States: refusing or following → starting (the
 * epoch is on its way to the disk) → leading → refusing or following.
 */
export class Partition implements LogObserver {
  readonly topicId: TopicId
  readonly index: PartitionIndex
  readonly onAdvance = new AdvanceListeners()
  /** Fetch sessions of followers, while this broker leads. */
  readonly followers = new ReplicaListeners<Partition>()
  readonly #host: PartitionHost
  #log: PartitionLog | null
  #term: Term | null = null
  #leadership: Leadership | null = null
  #followership: Followership | null = null
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
    return this.#followership === null ? 'refusing' : 'following'
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
    const termEpoch = this.#term?.row.leaderEpoch ?? this.#followership?.term.leaderEpoch ?? -1
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
    if (this.#followership?.isOf(term)) {
      this.configure(term.config)
      return null
    }
    this.#leave(NOT_LEADER)
    this.#waiting.failUncommittable(ambiguous(NOT_LEADER))
    const followership = new Followership(term, this.#waiting, (error) =>
      this.#host.onReplicaFailed(this, error),
    )
    this.#followership = followership
    try {
      const log = await this.#openLog(term.config)
      await this.#replicaEnd
      return this.#followership === followership ? followership.start(log) : null
    } catch (error) {
      if (this.#followership === followership) this.refuse(NOT_LEADER)
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
    } else if (this.#followership !== null) this.#log?.configure(withoutRetention(config))
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

  /** Reads below the high watermark. */
  fetch(request: FetchRequest): FetchedRecords | Promise<FetchedRecords> {
    const leadership = this.requireLeadership()
    leadership.checkEpoch(request.leaderEpoch)
    return readCommitted(this.#host, leadership, request)
  }

  /** A follower's fetch: it reports how far its own disk is, and reads on from there. */
  fetchReplica(
    fetch: FollowerFetch,
    limits: Pick<FetchRequest, 'maxBytes' | 'first'>,
  ): EpochEnd | FetchedRecords | Promise<FetchedRecords> {
    const leadership = this.requireLeadership()
    const diverging = leadership.replicaFetched(fetch)
    if (diverging !== null) return diverging
    this.#advance()
    if (leadership.replicas.hasOutsiders) this.#host.onReplicasChanged(this)
    return readAppended(this.#host, leadership, fetch, limits)
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
    this.#replicaEnd = this.#followership?.end() ?? this.#replicaEnd
    this.#followership = null
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

import { BusError, type Offset } from '@courant/kernel'
import type { PartitionLog } from '@courant/log'
import { ambiguous, NOT_LEADER } from './refusals.ts'
import { Replica, type ReplicaObserver, withoutRetention } from './replica.ts'
import type { FollowedTerm } from './terms.ts'
import type { WaitingAppends } from './waiting-appends.ts'

/**
 * A follower in one term of another broker: the replica that fetches, once the log is free for it,
 * and what it does to appends of an earlier term that still wait.
 */
export class Followership implements ReplicaObserver {
  readonly term: FollowedTerm
  readonly #waiting: WaitingAppends
  readonly #onFailed: (error: BusError) => void
  #replica: Replica | null = null

  constructor(term: FollowedTerm, waiting: WaitingAppends, onFailed: (error: BusError) => void) {
    this.term = term
    this.#waiting = waiting
    this.#onFailed = onFailed
  }

  isOf({ leader, leaderEpoch }: FollowedTerm): boolean {
    return this.term.leaderEpoch === leaderEpoch && this.term.leader === leader
  }

  /** Throws FENCED_LEADER_EPOCH when the log is ahead of this term. */
  start(log: PartitionLog): Replica {
    const { term } = this
    if (term.leaderEpoch < log.leaderEpoch) {
      throw new BusError('FENCED_LEADER_EPOCH', 'The log has records of a later leader.')
    }
    log.configure(withoutRetention(term.config))
    this.#replica = new Replica(log, term, this)
    return this.#replica
  }

  /** Resolves when nothing of the replica is under way on the log. Null if none has started. */
  end(): Promise<void> | null {
    return this.#replica?.end() ?? null
  }

  /** What is committed by another leader is acknowledged here as well. */
  replicaAdvanced(highWatermark: Offset): void {
    this.#waiting.release({ durable: 0, committed: highWatermark, replicated: 0 })
  }

  replicaCut(end: Offset): void {
    this.#waiting.failBeyond(end, ambiguous(NOT_LEADER))
  }

  replicaFailed(error: BusError): void {
    this.#onFailed(error)
  }
}

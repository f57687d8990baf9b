import { type BrokerId, BusError } from '@courant/kernel'
import { ReplicaSession } from './replica-session.ts'

/** Kafka's numbers, which no error of ours has: a follower begins a new session after either. */
export const FETCH_SESSION_ID_NOT_FOUND = 70
export const INVALID_FETCH_SESSION_EPOCH = 71

const ID_MAX = 0x7fff_ffff

/** The fetch sessions with the followers of this broker: one for each. */
export class ReplicaSessions {
  readonly #sessions = new Map<BrokerId, ReplicaSession>()
  #lastId = 0

  /**
   * A follower begins anew: its former session is over. Throws STALE_BROKER_EPOCH for an earlier
   * life of a broker that has begun another since (KIP-903).
   */
  begin(brokerId: BrokerId, brokerEpoch: number): ReplicaSession {
    const known = this.#sessions.get(brokerId)
    if (known !== undefined && known.brokerEpoch > brokerEpoch) {
      throw new BusError('STALE_BROKER_EPOCH', 'A newer incarnation of this broker fetches here.')
    }
    known?.end()
    this.#lastId = (this.#lastId % ID_MAX) + 1
    const session = new ReplicaSession(this.#lastId, brokerId, brokerEpoch)
    this.#sessions.set(brokerId, session)
    return session
  }

  find(brokerId: BrokerId, brokerEpoch: number, sessionId: number): ReplicaSession | null {
    const session = this.#sessions.get(brokerId)
    if (session === undefined || session.known.id !== sessionId) return null
    return session.brokerEpoch === brokerEpoch ? session : null
  }
}

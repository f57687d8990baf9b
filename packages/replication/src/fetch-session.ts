import { assert } from '@courant/kernel'
import type { FetchPosition } from './follower.ts'

/** The session epoch of a request that names every partition and asks for a new session. */
export const FULL_FETCH_EPOCH = 0

/** What goes into the next fetch of a session. */
export interface SessionRequest<Partition> {
  /** 0 asks for a new session. */
  readonly sessionId: number
  readonly sessionEpoch: number
  readonly asked: readonly { readonly partition: Partition; readonly position: FetchPosition }[]
  readonly forgotten: readonly Partition[]
}

interface Entry {
  position: FetchPosition
  /** Number of the request that first carried this position; null while none has. */
  sentIn: number | null
}

/**
 * The follower's end of an incremental fetch session with one leader broker (KIP-227): a request
 * says only what has changed, so that thousands of idle partitions cost nothing.
 *
 * It differs from Kafka's in one rule, because both ends are ours: a partition that was answered
 * with records or an error is not answered again until it is asked for again. Thus a follower may
 * send the next request while its disk works on the last answer.
 */
export class FetchSession<Partition extends object> {
  readonly #entries = new Map<Partition, Entry>()
  readonly #changed = new Set<Partition>()
  readonly #forgotten = new Set<Partition>()
  #id = 0
  #epoch = FULL_FETCH_EPOCH
  #requests = 0

  get size(): number {
    return this.#entries.size
  }

  /** Whether the leader knows the session: before, a request has to wait for the first answer. */
  get isEstablished(): boolean {
    return this.#id !== 0
  }

  /** Whether the next request says anything that the leader does not know. */
  get hasChanges(): boolean {
    return this.#changed.size > 0 || this.#forgotten.size > 0
  }

  has(partition: Partition): boolean {
    return this.#entries.has(partition)
  }

  /** Asks for a partition from a position on, be it the one that was asked for last. */
  ask(partition: Partition, position: FetchPosition): void {
    this.#entries.set(partition, { position, sentIn: null })
    this.#changed.add(partition)
    this.#forgotten.delete(partition)
  }

  forget(partition: Partition): void {
    if (!this.#entries.delete(partition)) return
    this.#changed.delete(partition)
    if (this.isEstablished) this.#forgotten.add(partition)
  }

  /** The next request, and its number: what was answered is looked up by that. */
  next(): { readonly number: number; readonly request: SessionRequest<Partition> } {
    this.#requests += 1
    const request = {
      sessionId: this.#id,
      sessionEpoch: this.#epoch,
      asked: [...this.#changed].map((partition) => this.#send(partition)),
      forgotten: [...this.#forgotten],
    }
    this.#changed.clear()
    this.#forgotten.clear()
    if (this.isEstablished) this.#epoch += 1
    return { number: this.#requests, request }
  }

  /** The first request of a session was answered. */
  established(sessionId: number): void {
    assert(sessionId > 0 && !this.isEstablished, 'a session is established once')
    this.#id = sessionId
    this.#epoch = FULL_FETCH_EPOCH + 1
  }

  /**
   * Which position the answer to request `number` is about. Null for a partition that is no longer
   * fetched, or that has been asked for anew since that request.
   */
  answered(partition: Partition, number: number): FetchPosition | null {
    const entry = this.#entries.get(partition)
    return entry?.sentIn != null && entry.sentIn <= number ? entry.position : null
  }

  /** The leader does not know the session, or the connection is gone: all is asked anew. */
  reset(): void {
    this.#id = 0
    this.#epoch = FULL_FETCH_EPOCH
    this.#forgotten.clear()
    for (const [partition, entry] of this.#entries) {
      entry.sentIn = null
      this.#changed.add(partition)
    }
  }

  #send(partition: Partition): { partition: Partition; position: FetchPosition } {
    const entry = this.#entries.get(partition)
    assert(entry !== undefined, 'what changed is in the session')
    entry.sentIn = this.#requests
    return { partition, position: entry.position }
  }
}

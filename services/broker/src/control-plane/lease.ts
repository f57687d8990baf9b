import { type Clock, isNewer, type MetadataPosition } from '@courant/kernel'

/**
 * For so much of a session after a heartbeat was sent that the control plane has answered, nobody
 * else is elected because this broker fell silent (reliability B8.2): 7 s of 9.
 */
const LEASE_PER_SESSION = 7 / 9

export interface Renewal {
  readonly sentAtMs: number
  readonly sessionTimeoutMs: number
  /** The metadata right after the session was renewed. */
  readonly renewedAt: MetadataPosition
}

/**
 * Until when no other broker leads because this one fell silent. A renewal keeps later elections
 * away, and says nothing of earlier ones: a broker that was fenced, and is taken back before its
 * copy of the metadata says so, would believe that it leads as before. So a renewal counts only
 * once the copy has got where the metadata was then (ADR 3). It does not hold up who moves leaders
 * away from a broker that lives: of that, the broker hears from the feed.
 */
export class Lease {
  readonly #clock: Clock
  readonly #applied: () => MetadataPosition
  #endMs = Number.NEGATIVE_INFINITY
  /** Oldest first: those that wait for the copy. */
  #waiting: { readonly endMs: number; readonly renewedAt: MetadataPosition }[] = []

  /** @param applied what of the metadata is applied here */
  constructor(clock: Clock, applied: () => MetadataPosition) {
    this.#clock = clock
    this.#applied = applied
  }

  /**
   * To be asked on each request and not by a timer: a request that has waited while the process was
   * paused would be served before that.
   */
  get isOver(): boolean {
    this.#count()
    return this.#clock.monotonicMs() >= this.#endMs
  }

  renew({ sentAtMs, sessionTimeoutMs, renewedAt }: Renewal): void {
    const nowMs = this.#clock.monotonicMs()
    this.#count()
    this.#waiting = this.#waiting.filter(({ endMs }) => endMs > nowMs)
    this.#waiting.push({ endMs: sentAtMs + sessionTimeoutMs * LEASE_PER_SESSION, renewedAt })
  }

  /** At once, and for the renewals that wait too. */
  end(): void {
    this.#endMs = Number.NEGATIVE_INFINITY
    this.#waiting = []
  }

  /** Of those that the copy has reached, the newest holds; newer ones go on waiting. */
  #count(): void {
    if (this.#waiting.length === 0) return
    const applied = this.#applied()
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (isNewer(next.renewedAt, applied)) return
      this.#endMs = next.endMs
      this.#waiting.shift()
    }
  }
}

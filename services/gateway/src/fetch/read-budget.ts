import { assert, BusError, type Clock, limits, type TenantId } from '@courant/kernel'
import { ReadHold } from './read-hold.ts'
import { hasRoom, type ReadShare, type RoomWaiter } from './read-share.ts'

/**
 * Memory of answers to reads, from before the fetch until the answer has left the process: a caller
 * that asks for much and does not read its socket holds its tenant's share, and nothing of the
 * others'.
 *
 * What does not fit waits: first come, first served inside a tenant, and in turns between tenants.
 * A large read of one tenant does not hold back smaller ones of others that fit: what it waits for
 * may be sent to somebody who does not read, and others must not stand behind that. Where nothing
 * else is held, any one answer fits.
 */
export class ReadBudget {
  readonly #clock: Clock
  /** Stay for good: a tenant costs the copy of the metadata much more. */
  readonly #shares = new Map<TenantId, ReadShare>()
  /** Those in whose queue somebody waits, the next one in turn first. */
  readonly #turns = new Set<ReadShare>()
  #bytes = 0
  #waitingCount = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Held by all tenants. */
  get bytes(): number {
    return this.#bytes
  }

  get waitingCount(): number {
    return this.#waitingCount
  }

  /** For one request. Holds nothing yet. */
  hold(tenantId: TenantId): ReadHold {
    let share = this.#shares.get(tenantId)
    if (share === undefined) {
      share = { bytes: 0, waiting: new Set() }
      this.#shares.set(tenantId, share)
    }
    return new ReadHold(this, share)
  }

  /** Whether a hold of the share may go from `held` to `wanted` bytes now. */
  fits(share: ReadShare, held: number, wanted: number): boolean {
    return (
      hasRoom(share.bytes - held, wanted, limits.readTenantBytesMax) &&
      hasRoom(this.#bytes - held, wanted, limits.readBytesMax)
    )
  }

  /** Counts, whether there is room or not. */
  add(share: ReadShare, bytes: number): void {
    share.bytes += bytes
    this.#bytes += bytes
    assert(share.bytes >= 0 && this.#bytes >= 0, 'no more is given back than was taken')
    if (bytes < 0 && this.#waitingCount > 0) this.#admit()
  }

  /**
   * Waits in the share's queue until the bytes have been counted: null. THROTTLED when they have
   * not after `waitMs` because of what the tenant holds itself, BUSY because of what all hold;
   * either at once when the queue is full, and when `signal` aborts.
   */
  wait(
    share: ReadShare,
    bytes: number,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<BusError | null> {
    const isFull =
      share.waiting.size >= limits.readsWaitingTenantMax ||
      this.#waitingCount >= limits.readsWaitingMax
    if (isFull || waitMs <= 0 || signal.aborted) return Promise.resolve(refusal(share, bytes))
    return new Promise((resolve) => {
      const settle = (outcome: BusError | null): void => {
        timer.cancel()
        signal.removeEventListener('abort', giveUp)
        resolve(outcome)
      }
      const giveUp = (): void => {
        this.#leave(share, waiter)
        settle(refusal(share, bytes))
        // Who stood behind may be smaller.
        this.#admit()
      }
      const waiter: RoomWaiter = { bytes, admit: () => settle(null) }
      const timer = this.#clock.setTimer(waitMs, giveUp)
      signal.addEventListener('abort', giveUp)
      share.waiting.add(waiter)
      this.#turns.add(share)
      this.#waitingCount += 1
    })
  }

  /** Afterwards nobody waits at the head of a queue for room that there is. */
  #admit(): void {
    for (const share of this.#turns) {
      const [first] = share.waiting
      assert(first !== undefined, 'in whose queue nobody waits has no turn')
      if (!this.fits(share, 0, first.bytes)) continue
      this.#leave(share, first)
      // Moves to the end, where this loop comes by again.
      if (this.#turns.delete(share)) this.#turns.add(share)
      this.add(share, first.bytes)
      first.admit()
    }
  }

  #leave(share: ReadShare, waiter: RoomWaiter): void {
    share.waiting.delete(waiter)
    if (share.waiting.size === 0) this.#turns.delete(share)
    this.#waitingCount -= 1
  }
}

function refusal(share: ReadShare, bytes: number): BusError {
  const retry = { retryAfterMs: limits.retryAfterMs }
  return hasRoom(share.bytes, bytes, limits.readTenantBytesMax)
    ? new BusError('BUSY', 'Too many answers wait for their readers at this gateway.', retry)
    : new BusError('THROTTLED', THROTTLED, retry)
}

const THROTTLED =
  'Answers that this tenant has asked for and not yet taken fill its share of memory. Read them, ' +
  'close what is not needed, or ask for fewer bytes.'

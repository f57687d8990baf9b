import { PollNumbers } from '@courant/group'
import { BusError } from '@courant/kernel'

/** By the own monotonic clock, counted from before the renewal was sent. */
export interface Lease {
  readonly instanceId: string
  validUntilMs: number
}

/**
 * The time during which this control plane coordinates a shard: from taking it, which raised the
 * epoch, to giving it away or losing it.
 */
export class ShardTerm {
  readonly shard: number
  readonly epoch: number
  readonly instanceId: string
  readonly pollNumbers: PollNumbers
  readonly #lease: Lease
  readonly #nowMs: () => number
  #isOver = false

  constructor(
    { shard, epoch }: { readonly shard: number; readonly epoch: number },
    lease: Lease,
    nowMs: () => number,
  ) {
    this.shard = shard
    this.epoch = epoch
    this.instanceId = lease.instanceId
    this.pollNumbers = new PollNumbers(epoch)
    this.#lease = lease
    this.#nowMs = nowMs
  }

  /** Another may coordinate the shard from now on. */
  end(): void {
    this.#isOver = true
  }

  get isHeld(): boolean {
    return !this.#isOver && this.#nowMs() < this.#lease.validUntilMs
  }

  /** Before anything is answered from memory. Throws NOT_COORDINATOR. */
  check(): void {
    if (!this.isHeld) throw notCoordinator()
  }
}

export function notCoordinator(): BusError {
  const detail = 'Another control plane coordinates the group, or none does for a moment.'
  return new BusError('NOT_COORDINATOR', detail, { retryAfterMs: 100 })
}

import { assert, BusError, limits, type TenantId } from '@courant/kernel'

/**
 * Bytes that wait in this gateway for brokers, bounded for each tenant and in all. The bound of a
 * partition is its accumulator's. Who is refused has had nothing written and may come back.
 */
export class MemoryBudget {
  readonly #byTenant = new Map<TenantId, number>()
  #total = 0

  get totalBytes(): number {
    return this.#total
  }

  bytesOf(tenantId: TenantId): number {
    return this.#byTenant.get(tenantId) ?? 0
  }

  /** Takes the bytes, or throws: THROTTLED for the tenant's own fault, BUSY for everybody's. */
  take(tenantId: TenantId, bytes: number): void {
    const used = this.bytesOf(tenantId)
    if (used + bytes > limits.accumulatorTenantBytesMax) throw throttled()
    if (this.#total + bytes > limits.accumulatorBytesMax) throw busy()
    this.#byTenant.set(tenantId, used + bytes)
    this.#total += bytes
  }

  give(tenantId: TenantId, bytes: number): void {
    const left = this.bytesOf(tenantId) - bytes
    assert(left >= 0 && this.#total >= bytes, 'no more is given back than was taken')
    this.#total -= bytes
    if (left === 0) this.#byTenant.delete(tenantId)
    else this.#byTenant.set(tenantId, left)
  }
}

function throttled(): BusError {
  return new BusError('THROTTLED', 'Too much data of this tenant waits to be written.', {
    retryAfterMs: limits.retryAfterMs,
    extra: { policy: 'tenant-memory' },
  })
}

function busy(): BusError {
  return new BusError('BUSY', 'Too much data waits to be written; nothing was taken.', {
    retryAfterMs: limits.retryAfterMs,
  })
}

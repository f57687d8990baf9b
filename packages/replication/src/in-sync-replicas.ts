import { assert, type BrokerId } from '@courant/kernel'
import type { PartitionRow } from './partition-row.ts'

/** The members that a leader has asked the control plane for, at one partition epoch. */
export interface ProposedIsr {
  readonly partitionEpoch: number
  readonly members: readonly BrokerId[]
}

/**
 * Which replicas count as in sync, as far as a leader can know: the committed ones of the newest
 * row, what it has proposed and not heard of, and every earlier proposal at the same partition
 * epoch whose answer was lost, which may be decided yet. Their union is the maximal ISR: whatever
 * the control plane turns out to have decided is part of it (KIP-497, reliability B4.2, B4.3).
 */
export class InSyncReplicas {
  #row: PartitionRow
  #inFlight: ProposedIsr | null = null
  /** Members of proposals at the row's partition epoch of which nobody knows whether they won. */
  #unresolved: ReadonlySet<BrokerId> | null = null
  #maximal: readonly BrokerId[]

  constructor(row: PartitionRow) {
    this.#row = row
    this.#maximal = row.inSyncReplicas
  }

  get row(): PartitionRow {
    return this.#row
  }

  get maximal(): readonly BrokerId[] {
    return this.#maximal
  }

  get isProposing(): boolean {
    return this.#inFlight !== null
  }

  /** Whether a proposal is lost: only a newer partition epoch says what became of it. */
  get isUnresolved(): boolean {
    return this.#unresolved !== null
  }

  get isLarge(): boolean {
    return this.#row.inSyncReplicas.length >= this.#row.effectiveMinIsr
  }

  /**
   * Takes over a newer row, whoever caused it. Proposals of older partition epochs have lost, or
   * are this row. Returns false for a row that is not newer.
   */
  adopt(row: PartitionRow): boolean {
    if (row.partitionEpoch <= this.#row.partitionEpoch) return false
    this.#row = row
    if (this.#inFlight !== null && this.#inFlight.partitionEpoch < row.partitionEpoch) {
      this.#inFlight = null
    }
    this.#unresolved = null
    this.#unite()
    return true
  }

  propose(members: readonly BrokerId[]): ProposedIsr {
    assert(this.#inFlight === null, 'one change of the in-sync replicas at a time')
    const proposal = { partitionEpoch: this.#row.partitionEpoch, members }
    this.#inFlight = proposal
    this.#unite()
    return proposal
  }

  /** The control plane has answered: what of the proposal holds is in the row. */
  settle(proposal: ProposedIsr): void {
    if (this.#inFlight !== proposal) return
    this.#inFlight = null
    this.#unite()
  }

  /** Nobody knows whether it was decided, or will be: it counts until the row has moved on. */
  lose(proposal: ProposedIsr): void {
    if (this.#inFlight !== proposal) return
    this.#inFlight = null
    this.#unresolved = new Set([...(this.#unresolved ?? []), ...proposal.members])
    this.#unite()
  }

  #unite(): void {
    const committed = this.#row.inSyncReplicas
    const others = [...(this.#inFlight?.members ?? []), ...(this.#unresolved ?? [])]
    this.#maximal = others.length === 0 ? committed : [...new Set([...committed, ...others])]
  }
}

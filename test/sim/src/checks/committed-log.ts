import { type Batch, isSame, nameOf } from './batch.ts'
import type { ValueFates } from './value-fates.ts'
import { ensure } from './violation.ts'

/**
 * What a partition has committed: what was below the high watermark of any replica at any time. It
 * only grows, and every replica must agree with it.
 */
export class CommittedLog {
  readonly name: string
  readonly #batches: Batch[] = []
  readonly #fates: ValueFates
  /** Offsets that clients know of before a checker has read that far, with their values. */
  readonly #claims = new Map<number, string>()
  #isDeleted = false
  #start = 0
  /** Whether some replica is still being read, so that more may be committed than is known. */
  isBehind: () => boolean = () => false

  constructor(name: string, fates: ValueFates) {
    this.name = name
    this.#fates = fates
  }

  get end(): number {
    return this.#batches.at(-1)?.next ?? 0
  }

  /** Below it a leader has deleted what was old enough, for good. */
  get start(): number {
    return this.#start
  }

  get batchCount(): number {
    return this.#batches.length
  }

  /** Its topic is gone: nobody promises anything of it any more. */
  get isDeleted(): boolean {
    return this.#isDeleted
  }

  delete(): void {
    this.#isDeleted = true
  }

  batch(index: number): Batch | undefined {
    return this.#batches[index]
  }

  extend(batch: Batch, who: string): void {
    const { name, end } = this
    ensure(batch.base === end, () => `${who} commits ${nameOf(batch)} of ${name} behind ${end}`)
    for (const [index, value] of batch.values.entries()) {
      const offset = batch.base + index
      this.#fates.committed(value, this.#place(offset))
      const claimed = this.#claims.get(offset) ?? value
      ensure(
        claimed === value,
        () => `${claimed} was told to be ${this.#place(offset)}, not ${value}`,
      )
      this.#claims.delete(offset)
    }
    this.#batches.push(batch)
  }

  /** A replica begins here; what it has given up must be what retention allows to delete. */
  trimmed(start: number, who: string, mayDelete: (batch: Batch) => boolean): void {
    if (start <= this.#start) return
    ensure(
      start <= this.end || this.isBehind(),
      () => `${who} begins at ${start}, and ${this.end} is where it ends what is committed`,
    )
    for (const batch of this.#batches) {
      if (batch.next <= this.#start) continue
      if (batch.next > start) break
      ensure(mayDelete(batch), () => `${who} has deleted ${nameOf(batch)} before its time`)
    }
    this.#start = start
  }

  /** A client was told that its record is at an offset of a leader, which may lose it yet. */
  acknowledgedByLeader(value: string, offset: number): void {
    this.#fates.promised(value, this.#place(offset))
  }

  /** A client was told that its record is at an offset. */
  acknowledged(value: string, offset: number): void {
    if (this.#claim(value, offset)) return
    const at = this.#fates.placeOf(value)
    ensure(
      at === this.#place(offset),
      () => `${value} is acknowledged as ${this.#place(offset)}, and is committed as ${at}`,
    )
  }

  /** A consumer was given a record. */
  consumed(value: string, offset: number): void {
    if (this.#claim(value, offset)) return
    const at = this.#fates.placeOf(value)
    ensure(
      at === this.#place(offset),
      () => `${value} is read as ${this.#place(offset)}, and is committed as ${at}`,
    )
  }

  /** Whether a batch is the committed one at that place. */
  has(batch: Batch, index: number): boolean {
    const own = this.#batches[index]
    return own !== undefined && isSame(own, batch)
  }

  /** The batch that begins at an offset; -1 when none does. */
  indexAt(base: number): number {
    let low = 0
    let high = this.#batches.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#batches[middle]?.base ?? 0) < base) low = middle + 1
      else high = middle
    }
    return this.#batches[low]?.base === base ? low : -1
  }

  /** At the end everything is known. */
  requireClaims(): void {
    for (const [offset, value] of this.#claims) {
      ensure(false, () => `${value} was told to be ${this.#place(offset)}, which is not committed`)
    }
  }

  #claim(value: string, offset: number): boolean {
    if (offset < this.end || !this.isBehind()) return false
    this.#claims.set(offset, value)
    return true
  }

  #place(offset: number): string {
    return `${this.name}@${offset}`
  }
}

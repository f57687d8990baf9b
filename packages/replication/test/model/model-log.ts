import { assert, type LeaderEpoch, type Offset } from '@courant/kernel'
import type { EpochEnd, LogEnds } from '../../src/index.ts'

export interface ModelRecord {
  readonly epoch: number
  readonly value: string
}

/** A log by its definition: an array, of which a crash keeps what was synced. */
export class ModelLog implements LogEnds {
  logStartOffset = 0 as Offset
  highWatermark = 0 as Offset
  durableEnd = 0 as Offset
  /** `#records[i]` is at offset `#base + i`. */
  #base = 0
  #records: ModelRecord[] = []
  #starts: { epoch: number; offset: number }[] = []

  get appendedEnd(): Offset {
    return (this.#base + this.#records.length) as Offset
  }

  get leaderEpoch(): LeaderEpoch {
    return (this.#starts.at(-1)?.epoch ?? -1) as LeaderEpoch
  }

  endOffsetForEpoch(epoch: LeaderEpoch): EpochEnd | null {
    const index = this.#starts.findLastIndex((start) => start.epoch <= epoch)
    const found = this.#starts[index]
    if (found === undefined) return null
    const end = this.#starts[index + 1]?.offset ?? this.appendedEnd
    return { epoch: found.epoch as LeaderEpoch, end: end as Offset }
  }

  at(offset: number): ModelRecord | null {
    return this.#records[offset - this.#base] ?? null
  }

  from(offset: number, count: number): readonly ModelRecord[] {
    const at = offset - this.#base
    return this.#records.slice(at, at + count)
  }

  startEpoch(epoch: number): void {
    if (epoch > this.leaderEpoch) this.#starts.push({ epoch, offset: this.appendedEnd })
    this.sync()
  }

  append(record: ModelRecord): void {
    assert(record.epoch >= this.leaderEpoch, 'epochs do not fall')
    if (record.epoch > this.leaderEpoch) {
      this.#starts.push({ epoch: record.epoch, offset: this.appendedEnd })
    }
    this.#records.push(record)
  }

  sync(): void {
    this.durableEnd = this.appendedEnd
  }

  truncateTo(offset: number): void {
    assert(offset >= this.logStartOffset, 'a truncation within the log')
    this.#records.length = Math.max(0, offset - this.#base)
    this.#starts = this.#starts.filter((start) => start.offset < offset)
    this.durableEnd = this.appendedEnd
    this.highWatermark = Math.min(this.highWatermark, this.appendedEnd) as Offset
  }

  restart(offset: number): void {
    this.#base = offset
    this.#records = []
    this.#starts = []
    this.logStartOffset = offset as Offset
    this.highWatermark = offset as Offset
    this.durableEnd = offset as Offset
  }

  trimTo(offset: number): void {
    if (offset <= this.logStartOffset) return
    this.logStartOffset = offset as Offset
    const dropped = offset - this.#base
    this.#records = this.#records.slice(dropped)
    this.#base = offset
    const first = this.#starts.findLastIndex((start) => start.offset <= offset)
    if (first > 0) this.#starts = this.#starts.slice(first)
  }

  /** Keeps what was synced. The high watermark is an older one: a hint of the last checkpoint. */
  crash(rememberedHighWatermark: number): void {
    const end = this.durableEnd
    this.#records.length = Math.max(0, end - this.#base)
    this.#starts = this.#starts.filter((start) => start.offset <= end)
    const kept = Math.min(rememberedHighWatermark, this.highWatermark)
    this.highWatermark = Math.max(kept, this.logStartOffset) as Offset
  }
}

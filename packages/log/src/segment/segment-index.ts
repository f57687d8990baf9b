/**
 * The sparse index of a segment: one for offsets and for timestamps. An entry for about every 16
 * KiB:
 *
 * ```
 * relative offset u32 | position u32 | maximal timestamp before the position, plus one, u64 |
 * crc u32 of the header of the batch at the position | crc u32 of this entry
 * ```
 *
 * Derived from the segment and never synced, so after a crash an entry may be of a log that has
 * been truncated since. The checksum of the header tells: header, offset and epoch together name
 * one append of one leader, and so all that lies before it. An entry that does not fit is never
 * used; a scan of the segment makes the index anew.
 */
import type { Offset } from '@courant/kernel'
import { BATCH_HEADER_BYTES, crc32c, type RecordBatch } from '@courant/record-batch'
import { readUInt64, writeUInt64 } from '../ring/ring-layout.ts'

export const INDEX_ENTRY_BYTES = 24
const INTERVAL_BYTES = 16 * 1024
const HEADER_CRC = 16
const ENTRY_CRC = 20

export interface IndexEntry {
  readonly offset: Offset
  readonly position: number
  /** Checksum of the batch header that must lie there; null at the start of a segment. */
  readonly headerCrc: number | null
}

/** What an index says of the segment that it grows with. */
export interface Indexed {
  readonly baseOffset: Offset
  readonly maxTimestamp: number
  indexEntries: number
  indexedTo: number
}

/**
 * The entry for a batch about to be written at `position`, or null while it is too soon for one.
 */
export function nextIndexEntry(
  segment: Indexed,
  batch: RecordBatch,
  position: number,
): Buffer | null {
  if (position - segment.indexedTo < INTERVAL_BYTES) return null
  const entry = Buffer.alloc(INDEX_ENTRY_BYTES)
  entry.writeUInt32LE(batch.baseOffset - segment.baseOffset, 0)
  entry.writeUInt32LE(position, 4)
  writeUInt64(entry, segment.maxTimestamp + 1, 8)
  entry.writeUInt32LE(headerCrc(batch), HEADER_CRC)
  entry.writeUInt32LE(crc32c(entry, 0, ENTRY_CRC), ENTRY_CRC)
  segment.indexEntries += 1
  segment.indexedTo = position
  return entry
}

export function headerCrc({ buffer, position }: RecordBatch): number {
  return crc32c(buffer, position, position + BATCH_HEADER_BYTES)
}

export class SegmentIndex {
  readonly #baseOffset: Offset
  readonly #entries: Buffer

  constructor(baseOffset: Offset, entries: Buffer) {
    this.#baseOffset = baseOffset
    this.#entries = entries
  }

  get count(): number {
    return this.#entries.length / INDEX_ENTRY_BYTES
  }

  /** Undamaged, ascending, and within the segment. */
  isSound(segmentSize: number): boolean {
    let offset = 0
    let position = 0
    let timestamp = 0
    for (let at = 0; at < this.#entries.length; at += INDEX_ENTRY_BYTES) {
      const crc = crc32c(this.#entries, at, at + ENTRY_CRC)
      if (crc !== this.#entries.readUInt32LE(at + ENTRY_CRC)) return false
      const next = this.#entries.readUInt32LE(at)
      const nextPosition = this.#entries.readUInt32LE(at + 4)
      const nextTimestamp = readUInt64(this.#entries, at + 8)
      if (next <= offset || nextPosition <= position || nextTimestamp < timestamp) return false
      offset = next
      position = nextPosition
      timestamp = nextTimestamp
    }
    return position < segmentSize
  }

  /** A batch at or before the one that holds `offset`. */
  lookup(offset: Offset): IndexEntry {
    const relative = offset - this.#baseOffset
    return this.#lastEntry((at) => this.#entries.readUInt32LE(at) <= relative)
  }

  /** A batch such that everything before it is older than `timestamp`. */
  lookupTimestamp(timestamp: number): IndexEntry {
    return this.#lastEntry((at) => readUInt64(this.#entries, at + 8) <= timestamp)
  }

  /** Entries below a position, for a segment that is cut there. */
  countBelow(position: number): number {
    let count = 0
    while (
      count < this.count &&
      this.#entries.readUInt32LE(count * INDEX_ENTRY_BYTES + 4) < position
    )
      count += 1
    return count
  }

  /** The last entry for which the test, true for a prefix, holds; else the segment's start. */
  #lastEntry(test: (at: number) => boolean): IndexEntry {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (test(middle * INDEX_ENTRY_BYTES)) low = middle + 1
      else high = middle
    }
    if (low === 0) return { offset: this.#baseOffset, position: 0, headerCrc: null }
    const at = (low - 1) * INDEX_ENTRY_BYTES
    return {
      offset: (this.#baseOffset + this.#entries.readUInt32LE(at)) as Offset,
      position: this.#entries.readUInt32LE(at + 4),
      headerCrc: this.#entries.readUInt32LE(at + HEADER_CRC),
    }
  }
}

import { limits } from '@courant/kernel'
import type { RecordBatch } from '@courant/record-batch'

/** A batch as text: its records one behind the other, as a page has them. */
export interface EncodedBatch {
  readonly text: Buffer
  /** Where each record's text ends. */
  readonly ends: Int32Array
  /** Bytes between a record's end and the beginning of the next. */
  readonly separatorSize: number
}

/** What an entry costs beyond its text. */
const ENTRY_BYTES = 512

/**
 * The texts of batches that were read lately. Readers of one partition mostly read the same tail,
 * and to encode a record costs more than everything else that happens to it here. An entry is the
 * text of one batch and no other: its key has the partition, the place in the log, the leader's
 * term, and the size and checksum of the bytes. Least recently used entries give way; nothing
 * depends on them.
 */
export class EncodedBatches {
  /** In the order of use: a Map iterates in the order of insertion. */
  readonly #entries = new Map<string, EncodedBatch>()
  #bytes = 0

  get bytes(): number {
    return this.#bytes
  }

  /** `scope` says whose batch it is and how it is shown. */
  get(scope: string, batch: RecordBatch): EncodedBatch | null {
    const key = keyOf(scope, batch)
    const found = this.#entries.get(key)
    if (found === undefined) return null
    this.#entries.delete(key)
    this.#entries.set(key, found)
    return found
  }

  /** Keeps the text, which must be a buffer of its own and not a part of a larger one. */
  put(scope: string, batch: RecordBatch, encoded: EncodedBatch): void {
    const bytes = bytesOf(encoded)
    if (bytes > limits.encodedBatchBytesMax) return
    const key = keyOf(scope, batch)
    if (this.#entries.has(key)) return
    this.#entries.set(key, encoded)
    this.#bytes += bytes
    for (const [oldest, entry] of this.#entries) {
      if (this.#bytes <= limits.encodedBatchesBytesMax) return
      this.#entries.delete(oldest)
      this.#bytes -= bytesOf(entry)
    }
  }
}

function keyOf(scope: string, batch: RecordBatch): string {
  const { baseOffset, partitionLeaderEpoch, crc, size } = batch
  return `${scope}/${baseOffset}/${partitionLeaderEpoch}/${crc}/${size}`
}

function bytesOf({ text, ends }: EncodedBatch): number {
  return text.length + ends.byteLength + ENTRY_BYTES
}

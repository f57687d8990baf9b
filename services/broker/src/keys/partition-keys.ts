import { BusError } from '@courant/kernel'
import { type RecordBatch, RecordCursor } from '@courant/record-batch'
import { type HeaviestKeys, heaviestOf } from './heaviest-keys.ts'
import { type KeyKeeper, type KeySampling, SAMPLE_MAX } from './key-sampling.ts'
import { type KeyWindow, KeyWindows } from './key-window.ts'

/** Between two looks at a partition, at least, and as much more by chance. */
const PAUSE_MS = 50
const PAUSE_MORE_MS = 25
/** Records that a look passes, at most; in a larger batch these stand for all. */
const WALK_MAX = 2_048
/** A compressed batch is looked into when it is as small, and becomes no larger than this. */
const COMPRESSED_BYTES_MAX = 16 * 1_024
const DECOMPRESSED_BYTES_MAX = 64 * 1_024

/**
 * Which keys of a partition carry the most, kept by its leader for one term. Now and then it looks
 * into the batch that is just being appended: up to 256 of its records stand for all that came
 * since the look before. So the totals are exact, the shares a sample.
 *
 * The load of a record is its bytes, and as much again as a record has on average: what a key has
 * of the load lies in the middle of its shares of records and of bytes, and whoever has much of
 * either cannot hide. When to look, time decides, and chance from a fixed seed.
 */
export class PartitionKeys implements KeyKeeper {
  lastLookMs = 0
  readonly #sampling: KeySampling
  #pauseMs = 0
  #records = 0
  #bytes = 0
  #windows: KeyWindows | null = null

  constructor(sampling: KeySampling) {
    this.#sampling = sampling
  }

  /** A batch was appended. Its bytes are looked at now or never. */
  appended(batch: RecordBatch, records: number, nowMs: number): void {
    this.#records += records
    this.#bytes += batch.size
    const sinceMs = nowMs - this.lastLookMs
    if (sinceMs >= 0 && sinceMs < this.#pauseMs) return
    if (this.#sampling.isDue(nowMs)) this.#look(batch, nowMs)
  }

  /** Of the last one to two minutes; null when nothing is known. */
  heaviest(nowMs: number, keysMax: number): HeaviestKeys | null {
    return this.#windows === null ? null : heaviestOf(this.#windows.both(nowMs), nowMs, keysMax)
  }

  forget(): void {
    this.#windows = null
  }

  /** The term is over. */
  end(): void {
    this.forget()
    this.#sampling.leave(this)
  }

  #look(batch: RecordBatch, nowMs: number): void {
    const sampling = this.#sampling
    this.lastLookMs = nowMs
    this.#pauseMs = PAUSE_MS + sampling.below(PAUSE_MORE_MS)
    if (!sampling.takePlace(this, nowMs)) {
      this.forget()
      this.#records = 0
      this.#bytes = 0
      return
    }
    this.#windows ??= new KeyWindows(nowMs)
    const window = this.#windows.at(nowMs)
    try {
      this.#sample(batch, window, nowMs)
    } catch (error) {
      if (!(error instanceof BusError)) throw error
      // Compressed beyond what we look into, or no records at all: readers are told of that.
      window.unseenRecords += this.#records
      sampling.charge(nowMs, SAMPLE_MAX)
    }
    this.#records = 0
    this.#bytes = 0
  }

  #sample(batch: RecordBatch, window: KeyWindow, nowMs: number): void {
    const { starts, ends, sizes } = this.#sampling
    const { cursor, walked } = open(batch)
    const stride = Math.ceil(walked / SAMPLE_MAX)
    let count = 0
    let sampledBytes = 0
    // One of each stretch of `stride` records.
    let stretch = 0
    let chosen = this.#sampling.below(stride)
    for (let passed = 0; passed < walked; passed += 1) {
      const start = cursor.recordEnd
      if (!cursor.next()) break
      if (passed !== chosen) continue
      stretch += stride
      chosen = stretch + this.#sampling.below(stride)
      const size = cursor.recordEnd - start
      starts[count] = cursor.keyStart
      ends[count] = cursor.keyEnd
      sizes[count] = size
      sampledBytes += size
      count += 1
    }
    this.#sampling.charge(nowMs, walked)
    if (count > 0) this.#weigh(cursor.bytes, window, count, sampledBytes)
  }

  #weigh(source: Buffer, window: KeyWindow, count: number, sampledBytes: number): void {
    const { starts, ends, sizes } = this.#sampling
    const records = this.#records / count
    const scale = this.#bytes / sampledBytes
    const average = this.#bytes / count
    window.records += this.#records
    window.bytes += this.#bytes
    for (let at = 0; at < count; at += 1) {
      const start = starts[at] ?? -1
      const bytes = (sizes[at] ?? 0) * scale
      if (start < 0) {
        window.keylessRecords += records
        window.keylessBytes += bytes
      } else window.sketch.add(source, start, ends[at] ?? start, bytes + average, records, bytes)
    }
  }
}

/** Throws for one that would cost too much to look into. */
function open(batch: RecordBatch): { cursor: RecordCursor; walked: number } {
  const isCompressed = batch.compression !== 'none'
  if (isCompressed && batch.size > COMPRESSED_BYTES_MAX) {
    throw new BusError('RECORD_TOO_LARGE', 'The batch is compressed and large.')
  }
  const cursor = new RecordCursor(batch, DECOMPRESSED_BYTES_MAX)
  return { cursor, walked: Math.min(batch.recordCount, WALK_MAX) }
}

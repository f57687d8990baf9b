import { limits } from '@courant/kernel'
import { murmur2 } from '@courant/record-batch'

/** What a sketch says of one key. */
export interface KeyCounter {
  /** The key, or the first bytes of a long one. */
  readonly key: Buffer
  /** Bytes of the whole key. */
  readonly keyLength: number
  /** Tells keys apart that begin alike. */
  readonly hash: number
  /** At least what was added of it, and at most `error` more. */
  readonly load: number
  readonly error: number
  /** What was added since the key has a counter: at most what there was. */
  readonly records: number
  readonly bytes: number
}

const KEPT = limits.sketchedKeyBytesMax
/** Of longer keys, what goes into the hash: a key of megabytes must not cost as much. */
const HASHED_BYTES_MAX = 1_024

/**
 * The keys with the greatest load in a stream, in constant memory: Space-Saving (Metwally, Agrawal
 * and El Abbadi 2005). A key without a counter takes over the smallest one, with its load as the
 * error. So of a stream with the load W in k counters:
 *
 * - a counter is never below what was added of its key, and at most its `error` ≤ W/k above;
 * - every key with more than W/k of the load has a counter.
 *
 * A look-up scans the hashes: for 64 of them that costs less than a table with deletions. Keys lie
 * in one slab, so that a stream of keys that never come again makes no garbage.
 */
export class SpaceSaving {
  readonly #capacity: number
  readonly #hashes: Int32Array
  readonly #lengths: Int32Array
  readonly #loads: Float64Array
  readonly #errors: Float64Array
  readonly #records: Float64Array
  readonly #bytes: Float64Array
  readonly #keys: Buffer
  #size = 0

  constructor(capacity: number = limits.sketchedKeysMax) {
    this.#capacity = capacity
    this.#hashes = new Int32Array(capacity)
    this.#lengths = new Int32Array(capacity)
    this.#loads = new Float64Array(capacity)
    this.#errors = new Float64Array(capacity)
    this.#records = new Float64Array(capacity)
    this.#bytes = new Float64Array(capacity)
    this.#keys = Buffer.alloc(capacity * KEPT)
  }

  /** What the load of a key without a counter is at most. */
  get unknownLoadMax(): number {
    return this.#size < this.#capacity ? 0 : (this.#loads[this.#smallest()] ?? 0)
  }

  /** Adds to the key `source[start, end)`. Records and bytes are carried along; `load` decides. */
  add(
    source: Buffer,
    start: number,
    end: number,
    load: number,
    records: number,
    bytes: number,
  ): void {
    const hash = murmur2(source, start, Math.min(end, start + HASHED_BYTES_MAX))
    let at = this.#find(hash, source, start, end)
    if (at < 0) at = this.#takeCounter(hash, source, start, end)
    this.#loads[at] = (this.#loads[at] ?? 0) + load
    this.#records[at] = (this.#records[at] ?? 0) + records
    this.#bytes[at] = (this.#bytes[at] ?? 0) + bytes
  }

  clear(): void {
    this.#size = 0
  }

  *counters(): Generator<KeyCounter, void, undefined> {
    for (let at = 0; at < this.#size; at += 1) {
      const keyLength = this.#lengths[at] ?? 0
      yield {
        key: Buffer.from(this.#keys.subarray(at * KEPT, at * KEPT + Math.min(keyLength, KEPT))),
        keyLength,
        hash: this.#hashes[at] ?? 0,
        load: this.#loads[at] ?? 0,
        error: this.#errors[at] ?? 0,
        records: this.#records[at] ?? 0,
        bytes: this.#bytes[at] ?? 0,
      }
    }
  }

  #find(hash: number, source: Buffer, start: number, end: number): number {
    const length = end - start
    const kept = Math.min(length, KEPT)
    for (let at = 0; at < this.#size; at += 1) {
      if (this.#hashes[at] !== hash || this.#lengths[at] !== length) continue
      const from = at * KEPT
      if (this.#keys.compare(source, start, start + kept, from, from + kept) === 0) return at
    }
    return -1
  }

  #takeCounter(hash: number, source: Buffer, start: number, end: number): number {
    const isFree = this.#size < this.#capacity
    const at = isFree ? this.#size : this.#smallest()
    const inherited = isFree ? 0 : (this.#loads[at] ?? 0)
    if (isFree) this.#size += 1
    this.#hashes[at] = hash
    this.#lengths[at] = end - start
    this.#loads[at] = inherited
    this.#errors[at] = inherited
    this.#records[at] = 0
    this.#bytes[at] = 0
    source.copy(this.#keys, at * KEPT, start, Math.min(end, start + KEPT))
    return at
  }

  #smallest(): number {
    let smallest = 0
    for (let at = 1; at < this.#size; at += 1) {
      if ((this.#loads[at] ?? 0) < (this.#loads[smallest] ?? 0)) smallest = at
    }
    return smallest
  }
}

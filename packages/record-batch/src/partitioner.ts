/**
 * The partition of a key, as the Java client computes it, so that records with one key meet in one
 * partition whichever client wrote them: `toPositive(murmur2(key)) % partitionCount`.
 */
const SEED = 0x9747b28c
const MULTIPLIER = 0x5bd1e995
const SHIFT = 24

/** Partition of the key `bytes[start, end)`. */
export function partitionOfKey(
  partitionCount: number,
  bytes: Buffer,
  start = 0,
  end: number = bytes.length,
): number {
  return (murmur2(bytes, start, end) & 0x7fffffff) % partitionCount
}

/** murmur2 of `bytes[start, end)` as Kafka's `Utils.murmur2` has it: a signed 32-bit number. */
export function murmur2(bytes: Buffer, start = 0, end: number = bytes.length): number {
  const size = end - start
  let hash = SEED ^ size
  let position = start
  for (const stop = end - 3; position < stop; position += 4) {
    let word =
      (bytes[position] ?? 0) |
      ((bytes[position + 1] ?? 0) << 8) |
      ((bytes[position + 2] ?? 0) << 16) |
      ((bytes[position + 3] ?? 0) << 24)
    word = Math.imul(word, MULTIPLIER)
    word ^= word >>> SHIFT
    hash = Math.imul(hash, MULTIPLIER) ^ Math.imul(word, MULTIPLIER)
  }
  const rest = end - position
  if (rest >= 3) hash ^= (bytes[position + 2] ?? 0) << 16
  if (rest >= 2) hash ^= (bytes[position + 1] ?? 0) << 8
  if (rest >= 1) hash = Math.imul(hash ^ (bytes[position] ?? 0), MULTIPLIER)
  hash ^= hash >>> 13
  hash = Math.imul(hash, MULTIPLIER)
  return hash ^ (hash >>> 15)
}

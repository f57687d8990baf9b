import { writeFully } from './file-io.ts'
import type { MemoryPool } from './memory-pool.ts'
import type { StorageFile } from './storage.ts'

/** Chunks of this size are written where they lie. */
const LARGE_BYTES = 32 * 1024
/** Gathered at a time: a larger copy would hold up the appends, and so the ring. */
const PIECE_BYTES = 1024 * 1024

/**
 * Writes all chunks from `position`. Small ones, as appends to many partitions in turn leave them,
 * are copied together: a thousand buffers of 1 KiB cost more in a vector than their copy does.
 */
export async function writeGathered(
  file: StorageFile,
  chunks: readonly Buffer[],
  position: number,
  pool: MemoryPool,
): Promise<void> {
  let at = position
  for (const piece of pieces(chunks)) {
    const bytes = piece.reduce((sum, chunk) => sum + chunk.length, 0)
    if (bytes / piece.length >= LARGE_BYTES) await writeFully(file, piece, at)
    else await writeCopy(file, piece, bytes, at, pool)
    at += bytes
  }
}

function* pieces(chunks: readonly Buffer[]): Generator<readonly Buffer[], void, undefined> {
  let start = 0
  let bytes = 0
  for (const [index, chunk] of chunks.entries()) {
    if (bytes + chunk.length > PIECE_BYTES && index > start) {
      yield chunks.slice(start, index)
      start = index
      bytes = 0
    }
    bytes += chunk.length
  }
  if (start < chunks.length) yield chunks.slice(start)
}

async function writeCopy(
  file: StorageFile,
  chunks: readonly Buffer[],
  bytes: number,
  position: number,
  pool: MemoryPool,
): Promise<void> {
  const slab = pool.take(bytes)
  let end = 0
  for (const chunk of chunks) {
    slab.memory.set(chunk, end)
    end += chunk.length
  }
  await writeFully(file, [slab.memory.subarray(0, bytes)], position)
  slab.release()
}

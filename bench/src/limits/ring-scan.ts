/** Limit of recovery: read and check so many bytes of the ring, write them once, sync once. */
import { openSync, readSync } from 'node:fs'
import { crc32c } from '@courant/record-batch'
import { PositionedFile } from './positioned-file.ts'

const CHUNK_BYTES = 1 << 20

export interface RingScan {
  readonly ringPath: string
  readonly bytes: number
  readonly scratch: string
}

/** Seconds. */
export async function run({ ringPath, bytes, scratch }: RingScan): Promise<number> {
  const ring = openSync(ringPath, 'r')
  const target = new PositionedFile(scratch)
  const chunk = Buffer.alloc(CHUNK_BYTES)
  const started = performance.now()
  let checksum = 0
  for (let at = 0; at < bytes; at += chunk.length) {
    const length = readSync(ring, chunk, 0, chunk.length, at)
    checksum ^= crc32c(chunk, 0, length)
    await target.write(chunk.subarray(0, length), at)
  }
  await target.sync()
  const seconds = (performance.now() - started) / 1000
  target.close()
  // Kept alive, so that no optimiser may drop the checksum.
  return checksum === -1 ? Number.NaN : seconds
}

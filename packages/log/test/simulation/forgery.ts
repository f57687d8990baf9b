import { crc32c, RecordBatchBuilder, recordSource } from '@courant/record-batch'
import { ENTRY_HEADER_BYTES, encodeChange } from '../../src/ring/ring-entry.ts'
import {
  BLOCK_BYTES,
  CYCLE_HEADER_BYTES,
  decodeSuperblock,
  REGION_START,
  readCycleHeader,
  SECRET_BYTES,
  writeCycleHeader,
} from '../../src/ring/ring-layout.ts'
import type { SimDisk } from './sim-disk.ts'

const MARK = Buffer.from('here begins the value')

/**
 * A batch that, alone in a cycle, has what looks like the next cycle at a block of its own: all is
 * right but the secret, which no tenant can know. Null when the ring has no room at this moment.
 */
export function forgedBatch(disk: SimDisk): Buffer | null {
  const ring = disk.names.get('ring')?.current
  const superblock = ring === undefined ? null : decodeSuperblock(ring)
  if (ring === undefined || superblock === null) return null
  let newest = 0
  for (let at = REGION_START; at + BLOCK_BYTES <= ring.length; at += BLOCK_BYTES) {
    const header = readCycleHeader(ring.subarray(at), superblock.secret)
    newest = Math.max(newest, header?.cycle ?? 0)
  }
  const frame = forgedCycle(superblock.run, newest + 2)
  const first = build(Buffer.alloc(2 * BLOCK_BYTES))
  const valueAt = CYCLE_HEADER_BYTES + ENTRY_HEADER_BYTES + first.indexOf(MARK)
  const value = Buffer.alloc(2 * BLOCK_BYTES)
  frame.copy(value, BLOCK_BYTES - valueAt)
  return build(value)
}

function forgedCycle(run: number, cycle: number): Buffer {
  const payload = encodeChange({ type: 'delete', incarnation: 1 })
  const header = Buffer.alloc(CYCLE_HEADER_BYTES)
  const secret = Buffer.alloc(SECRET_BYTES)
  const facts = { payloadBytes: payload.length, entryCount: 1, run, cycle }
  writeCycleHeader(header, facts, secret)
  const forged = Buffer.concat([header, payload])
  forged.writeUInt32LE(crc32c(forged, 4, forged.length), 0)
  return forged
}

function build(value: Buffer): Buffer {
  MARK.copy(value)
  const builder = new RecordBatchBuilder(256)
  builder.append(recordSource({ timestamp: 1, key: null, value, headers: [] }))
  return builder.seal()
}

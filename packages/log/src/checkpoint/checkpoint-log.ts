/**
 * The checkpoint log: one append-only file of frames, each a checkpoint of some partitions and
 * where the ring is still needed from. The last record of a partition counts.
 *
 * ```
 * frame    crc u32 | body bytes u32 | log id 8 bytes | number u64 | body, zeros up to 512 bytes
 * body     tail cycle u64 | tail position u64 | next incarnation u64 | erasure due u64 | records
 * record   kind u32 (1 state, 2 deleted) | bytes u32 | state, or incarnation u64
 * ```
 *
 * One frame is written at a time, so a bad frame with a good one behind it was synced and is
 * damage; without one it is torn, and what it would have said is still in the ring.
 */
import { assert, type Random } from '@courant/kernel'
import { crc32c } from '@courant/record-batch'
import { readFile, replaceFile, writeFully } from '../disk/file-io.ts'
import { NO_PRODUCERS } from '../producer/producer-table.ts'
import { RingCorruptError, understood } from '../ring/ring-corrupt-error.ts'
import { readUInt64, writeUInt64 } from '../ring/ring-layout.ts'
import type { RingPlace } from '../ring/ring-places.ts'
import type { Storage, StorageFile } from '../storage.ts'
import {
  decodePartition,
  type EncodedPartition,
  encodePartition,
  type PartitionCheckpoint,
} from './checkpoint-record.ts'

const CHECKPOINT_FILE = 'checkpoints'

const ALIGN_BYTES = 512
const FRAME_HEADER_BYTES = 4 + 4 + 8 + 8
const BODY_HEADER_BYTES = 8 + 8 + 8 + 8
const RECORD_HEADER_BYTES = 8
const STATE = 1
const DELETED = 2
/** A log smaller than this is not worth a rewrite. */
const REWRITE_BYTES_MIN = 4 * 1024 * 1024

/** The last record of each partition, by incarnation. */
export type PartitionRecords = Map<number, EncodedPartition>

/** What a checkpoint says of the directory as a whole. */
export interface DirectoryFacts {
  readonly nextIncarnation: number
  /** Wall clock by which the ring's free part is to be wiped; 0 when nothing in it must go. */
  readonly eraseDueMs: number
}

export interface Checkpoint extends DirectoryFacts {
  /** The oldest cycle that is still needed. */
  readonly tail: RingPlace
  readonly states: readonly PartitionCheckpoint[]
  readonly deleted: readonly number[]
}

/** What all checkpoints together say. */
export interface CheckpointedDirectory extends DirectoryFacts {
  readonly tail: RingPlace
  /** The last record of each partition, by incarnation; as read, all of it in its head. */
  readonly records: PartitionRecords
}

/** Null when there is no checkpoint log. Throws when a checkpoint that was synced is unreadable. */
export async function readCheckpoints(storage: Storage): Promise<CheckpointedDirectory | null> {
  const content = await readFile(storage, CHECKPOINT_FILE)
  if (content === null) return null
  const records: PartitionRecords = new Map()
  let last: Omit<CheckpointedDirectory, 'records'> | null = null
  let position = 0
  let number = 1
  const logId = content.subarray(8, 16)
  for (;;) {
    const frame = frameAt(content, position, logId)
    if (frame === null || frame.number !== number) break
    const { body } = frame
    last = {
      tail: { cycle: readUInt64(body, 0), position: readUInt64(body, 8) },
      nextIncarnation: readUInt64(body, 16),
      eraseDueMs: readUInt64(body, 24),
    }
    understood('a checkpoint', () => applyRecords(body, records))
    position += alignedBytes(FRAME_HEADER_BYTES + body.length)
    number += 1
  }
  for (let place = position; place < content.length; place += ALIGN_BYTES) {
    const later = frameAt(content, place, logId)
    if (later !== null && later.number >= number) {
      throw new RingCorruptError(`Checkpoint ${number} was synced but cannot be read.`)
    }
  }
  if (last === null) throw new RingCorruptError('The checkpoint log has no readable checkpoint.')
  return { ...last, records }
}

export class CheckpointLog {
  readonly #storage: Storage
  readonly #random: Random
  readonly #records: PartitionRecords
  #file: StorageFile | null = null
  #logId: Buffer = Buffer.alloc(8)
  #size = 0
  #sizeAfterRewrite = 0
  #nextNumber = 1
  #mustRewrite = false

  constructor(storage: Storage, random: Random, records: PartitionRecords) {
    this.#storage = storage
    this.#random = random
    this.#records = records
  }

  /** Saves a checkpoint; it is synced when this resolves. One call at a time. */
  async append(checkpoint: Checkpoint): Promise<void> {
    const states = checkpoint.states.map((state) => encodePartition(state))
    for (const state of states) this.#records.set(readUInt64(state.head, 0), state)
    for (const incarnation of checkpoint.deleted) this.#records.delete(incarnation)
    const isDue = this.#size > REWRITE_BYTES_MIN && this.#size > 4 * this.#sizeAfterRewrite
    if (this.#file === null || isDue || this.#mustRewrite) return await this.#rewrite(checkpoint)
    const frame = this.#frame(checkpoint, states, checkpoint.deleted)
    await writeFully(this.#file, [frame], this.#size)
    await this.#file.sync()
    this.#size += frame.length
    this.#nextNumber += 1
  }

  /**
   * The next checkpoint shall be the only one: what earlier ones need of the ring is to be wiped,
   * and were the newest then damaged, nothing would tell that they are out of date.
   */
  forgetEarlier(): void {
    this.#mustRewrite = true
  }

  async close(): Promise<void> {
    await this.#file?.close()
    this.#file = null
  }

  /** All partitions in one frame of a new file, which takes the place of the old one. */
  async #rewrite(checkpoint: Checkpoint): Promise<void> {
    await this.close()
    this.#logId = Buffer.from(this.#random.bytes(8))
    this.#nextNumber = 1
    const frame = this.#frame(checkpoint, [...this.#records.values()], [])
    await replaceFile(this.#storage, '', CHECKPOINT_FILE, [frame])
    this.#file = await this.#storage.open(CHECKPOINT_FILE, 'write')
    this.#size = frame.length
    this.#sizeAfterRewrite = frame.length
    this.#nextNumber = 2
    this.#mustRewrite = false
  }

  #frame(
    { tail, nextIncarnation, eraseDueMs }: Checkpoint,
    states: readonly EncodedPartition[],
    deleted: readonly number[],
  ): Buffer {
    const stateBytes = states.reduce((sum, state) => sum + RECORD_HEADER_BYTES + bytesOf(state), 0)
    const bodyBytes = BODY_HEADER_BYTES + stateBytes + deleted.length * (RECORD_HEADER_BYTES + 8)
    const frame = Buffer.alloc(alignedBytes(FRAME_HEADER_BYTES + bodyBytes))
    frame.writeUInt32LE(bodyBytes, 4)
    this.#logId.copy(frame, 8)
    writeUInt64(frame, this.#nextNumber, 16)
    writeUInt64(frame, tail.cycle, 24)
    writeUInt64(frame, tail.position, 32)
    writeUInt64(frame, nextIncarnation, 40)
    writeUInt64(frame, eraseDueMs, 48)
    let at = FRAME_HEADER_BYTES + BODY_HEADER_BYTES
    for (const state of states) {
      frame.writeUInt32LE(STATE, at)
      frame.writeUInt32LE(bytesOf(state), at + 4)
      at += RECORD_HEADER_BYTES
      at += state.head.copy(frame, at)
      at += state.producers.copy(frame, at)
    }
    for (const incarnation of deleted) {
      frame.writeUInt32LE(DELETED, at)
      frame.writeUInt32LE(8, at + 4)
      writeUInt64(frame, incarnation, at + RECORD_HEADER_BYTES)
      at += RECORD_HEADER_BYTES + 8
    }
    assert(at === FRAME_HEADER_BYTES + bodyBytes)
    frame.writeUInt32LE(crc32c(frame, 4, at), 0)
    return frame
  }
}

/** The partitions that checkpoints know, decoded. */
export function decodeRecords(records: PartitionRecords): PartitionCheckpoint[] {
  return understood('a checkpoint', () =>
    [...records.values()].map(({ head }) => decodePartition(head)),
  )
}

/** The valid frame at that position, or null. */
function frameAt(
  content: Buffer,
  position: number,
  logId: Buffer,
): { readonly number: number; readonly body: Buffer } | null {
  if (position + FRAME_HEADER_BYTES + BODY_HEADER_BYTES > content.length) return null
  const end = position + FRAME_HEADER_BYTES + content.readUInt32LE(position + 4)
  if (end > content.length || end < position + FRAME_HEADER_BYTES + BODY_HEADER_BYTES) return null
  if (!content.subarray(position + 8, position + 16).equals(logId)) return null
  if (crc32c(content, position + 4, end) !== content.readUInt32LE(position)) return null
  const number = readUInt64(content, position + 16)
  return { number, body: content.subarray(position + FRAME_HEADER_BYTES, end) }
}

/** Copies, because a slice would keep the whole file in memory. */
function applyRecords(body: Buffer, records: PartitionRecords): void {
  for (let at = BODY_HEADER_BYTES; at < body.length; ) {
    const bytes = body.readUInt32LE(at + 4)
    const start = at + RECORD_HEADER_BYTES
    const incarnation = readUInt64(body, start)
    if (body.readUInt32LE(at) === DELETED) records.delete(incarnation)
    else {
      const head = Buffer.from(body.subarray(start, start + bytes))
      records.set(incarnation, { head, producers: NO_PRODUCERS })
    }
    at = start + bytes
  }
}

function bytesOf({ head, producers }: EncodedPartition): number {
  return head.length + producers.length
}

function alignedBytes(bytes: number): number {
  return Math.ceil(bytes / ALIGN_BYTES) * ALIGN_BYTES
}

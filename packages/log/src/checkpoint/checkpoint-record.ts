/**
 * What a checkpoint says of one partition. FORMAT.md has the same as a table; little endian.
 * A timestamp is stored plus one, so that 0 means none.
 */
import {
  type LeaderEpoch,
  type Offset,
  type PartitionIndex,
  type TopicId,
  topicId,
} from '@courant/kernel'
import type { EpochStart } from '../partition/leader-epoch-cache.ts'
import { NO_PRODUCERS } from '../producer/producer-table.ts'
import { uuidBytes, uuidText } from '../ring/ring-entry.ts'
import { readUInt64, writeUInt64 } from '../ring/ring-layout.ts'
import type { FilesState } from '../segment/partition-files.ts'
import type { ActiveSegment, SealedSegment } from '../segment/segment.ts'

/** The state of a partition after exactly the appends and truncations up to a cycle. */
export interface PartitionCheckpoint {
  readonly incarnation: number
  readonly topicId: TopicId
  readonly partition: PartitionIndex
  /** Replay skips this partition's appends and truncations up to this cycle. */
  readonly appliedCycle: number
  readonly logStartOffset: Offset
  readonly highWatermark: Offset
  readonly files: FilesState
  readonly epochs: readonly EpochStart[]
  /** Slots of idempotent producers, as of the batches on file: see `producer-slot.ts`. */
  readonly producers: Buffer
}

/**
 * A record in two pieces, so that the larger one need not be copied: what a log remembers of its
 * producers while it is idle is the very memory of its last record.
 */
export interface EncodedPartition {
  readonly head: Buffer
  readonly producers: Buffer
}

const FIXED_BYTES = 8 + 16 + 4 + 4 + 8 + 8 + 8 + 8 + 4 + 4
const SEGMENT_BYTES = 8 + 4 + 4 + 8 + 8
const ACTIVE_BYTES = SEGMENT_BYTES + 8 + 4
const EPOCH_BYTES = 4 + 8

export function encodePartition(state: PartitionCheckpoint): EncodedPartition {
  const { sealed, active, fileEnd } = state.files
  const bytes =
    FIXED_BYTES +
    sealed.length * SEGMENT_BYTES +
    (active === null ? 0 : ACTIVE_BYTES) +
    state.epochs.length * EPOCH_BYTES
  const into = Buffer.alloc(bytes)
  writeUInt64(into, state.incarnation, 0)
  uuidBytes(state.topicId).copy(into, 8)
  into.writeUInt32LE(state.partition, 24)
  into.writeUInt32LE(active === null ? 0 : 1, 28)
  writeUInt64(into, state.appliedCycle, 32)
  writeUInt64(into, fileEnd, 40)
  writeUInt64(into, state.logStartOffset, 48)
  writeUInt64(into, state.highWatermark, 56)
  into.writeUInt32LE(sealed.length, 64)
  into.writeUInt32LE(state.epochs.length, 68)
  let at = FIXED_BYTES
  for (const segment of sealed) at = writeSegment(into, at, segment)
  if (active !== null) {
    at = writeSegment(into, at, active)
    writeUInt64(into, active.firstAppendMs + 1, at)
    into.writeUInt32LE(active.indexedTo, at + 8)
    at += 12
  }
  for (const { epoch, offset } of state.epochs) {
    into.writeInt32LE(epoch, at)
    writeUInt64(into, offset, at + 4)
    at += EPOCH_BYTES
  }
  return { head: into, producers: state.producers }
}

/** The bytes are known to be whole: the checkpoint's checksum was right. */
export function decodePartition(from: Buffer): PartitionCheckpoint {
  const sealedCount = from.readUInt32LE(64)
  const epochCount = from.readUInt32LE(68)
  let at = FIXED_BYTES
  const sealed: SealedSegment[] = []
  for (let index = 0; index < sealedCount; index += 1) {
    sealed.push(readSegment(from, at))
    at += SEGMENT_BYTES
  }
  let active: ActiveSegment | null = null
  if (from.readUInt32LE(28) === 1) {
    active = {
      ...readSegment(from, at),
      firstAppendMs: readUInt64(from, at + SEGMENT_BYTES) - 1,
      indexedTo: from.readUInt32LE(at + SEGMENT_BYTES + 8),
    }
    at += ACTIVE_BYTES
  }
  const epochs: EpochStart[] = []
  for (let index = 0; index < epochCount; index += 1) {
    const epoch = from.readInt32LE(at) as LeaderEpoch
    epochs.push({ epoch, offset: readUInt64(from, at + 4) as Offset })
    at += EPOCH_BYTES
  }
  return {
    incarnation: readUInt64(from, 0),
    topicId: topicId(uuidText(from.subarray(8, 24))),
    partition: from.readUInt32LE(24) as PartitionIndex,
    appliedCycle: readUInt64(from, 32),
    logStartOffset: readUInt64(from, 48) as Offset,
    highWatermark: readUInt64(from, 56) as Offset,
    files: { fileEnd: readUInt64(from, 40) as Offset, sealed, active },
    epochs,
    // Records of before there were producers end here.
    producers: at === from.length ? NO_PRODUCERS : from.subarray(at),
  }
}

function writeSegment(into: Buffer, at: number, segment: SealedSegment): number {
  writeUInt64(into, segment.baseOffset, at)
  into.writeUInt32LE(segment.size, at + 8)
  into.writeUInt32LE(segment.indexEntries, at + 12)
  writeUInt64(into, segment.maxTimestamp + 1, at + 16)
  writeUInt64(into, segment.lastAppendMs + 1, at + 24)
  return at + SEGMENT_BYTES
}

function readSegment(from: Buffer, at: number): SealedSegment {
  return {
    baseOffset: readUInt64(from, at) as Offset,
    size: from.readUInt32LE(at + 8),
    indexEntries: from.readUInt32LE(at + 12),
    maxTimestamp: readUInt64(from, at + 16) - 1,
    lastAppendMs: readUInt64(from, at + 24) - 1,
  }
}

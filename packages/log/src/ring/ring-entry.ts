/**
 * Entries of a ring cycle: everything that changes a partition durably, in the order in which it
 * happened. Replay applies them in that order, so no truncated, trimmed or deleted record returns.
 *
 * ```
 * type u8 | zero 3 bytes | payload bytes u32 | incarnation u64 | payload
 * ```
 */
import {
  assert,
  type LeaderEpoch,
  type Offset,
  type PartitionIndex,
  type TopicId,
  topicId,
} from '@courant/kernel'
import { readUInt64, writeUInt64 } from './ring-layout.ts'

export const ENTRY_HEADER_BYTES = 16

/** On disk; never renumber. */
const TYPES = {
  append: 1,
  truncate: 2,
  logStart: 3,
  epochStart: 4,
  create: 5,
  delete: 6,
  restart: 7,
} as const
type EntryType = keyof typeof TYPES
const typeNames = new Map<number, EntryType>(
  Object.entries(TYPES).map(([name, value]) => [value, name as EntryType]),
)

/**
 * A change other than an append. `incarnation` numbers the partitions ever created in a directory:
 * entries of a deleted partition cannot reach one that was created again under the same topic.
 */
export type ChangeEntry =
  | { readonly type: 'truncate'; readonly incarnation: number; readonly offset: Offset }
  | { readonly type: 'logStart'; readonly incarnation: number; readonly offset: Offset }
  | { readonly type: 'restart'; readonly incarnation: number; readonly offset: Offset }
  | {
      readonly type: 'epochStart'
      readonly incarnation: number
      readonly epoch: LeaderEpoch
      readonly offset: Offset
    }
  | {
      readonly type: 'create'
      readonly incarnation: number
      readonly topicId: TopicId
      readonly partition: PartitionIndex
    }
  | { readonly type: 'delete'; readonly incarnation: number }

/** `batches` holds record batches whose offsets and leader epochs are stamped. */
interface AppendEntry {
  readonly type: 'append'
  readonly incarnation: number
  readonly batches: Buffer
}

export type RingEntry = AppendEntry | ChangeEntry

/** Writes the header of an append; its batches follow from `position + ENTRY_HEADER_BYTES`. */
export function writeAppendHeader(
  into: Buffer,
  position: number,
  incarnation: number,
  batchBytes: number,
): void {
  writeEntryHeader(into, position, 'append', incarnation, batchBytes)
}

export function encodeChange(change: ChangeEntry): Buffer {
  const payload = payloadOf(change)
  const entry = Buffer.alloc(ENTRY_HEADER_BYTES + payload.length)
  writeEntryHeader(entry, 0, change.type, change.incarnation, payload.length)
  payload.copy(entry, ENTRY_HEADER_BYTES)
  return entry
}

/**
 * The entries of a cycle whose checksum was right. Anything malformed is a bug of the writer, not
 * of the disk, hence an assertion. Batches are views of `payload`.
 */
export function* decodeEntries(payload: Buffer): Generator<RingEntry, void, undefined> {
  let position = 0
  while (position < payload.length) {
    const type = typeNames.get(payload.readUInt8(position))
    const length = payload.readUInt32LE(position + 4)
    const incarnation = readUInt64(payload, position + 8)
    const start = position + ENTRY_HEADER_BYTES
    const end = start + length
    assert(type !== undefined && end <= payload.length, 'a malformed entry in a valid cycle')
    yield decodeEntry(type, incarnation, payload.subarray(start, end))
    position = end
  }
}

function writeEntryHeader(
  into: Buffer,
  position: number,
  type: EntryType,
  incarnation: number,
  payloadBytes: number,
): void {
  into.writeUInt32LE(TYPES[type], position)
  into.writeUInt32LE(payloadBytes, position + 4)
  writeUInt64(into, incarnation, position + 8)
}

function payloadOf(change: ChangeEntry): Buffer {
  switch (change.type) {
    case 'truncate':
    case 'logStart':
    case 'restart':
      return offsetPayload(change.offset)
    case 'epochStart': {
      const payload = Buffer.alloc(12)
      payload.writeInt32LE(change.epoch, 0)
      writeUInt64(payload, change.offset, 4)
      return payload
    }
    case 'create': {
      const payload = Buffer.alloc(20)
      payload.writeInt32LE(change.partition, 0)
      uuidBytes(change.topicId).copy(payload, 4)
      return payload
    }
    case 'delete':
      return Buffer.alloc(0)
  }
}

function offsetPayload(offset: Offset): Buffer {
  const payload = Buffer.alloc(8)
  writeUInt64(payload, offset, 0)
  return payload
}

function decodeEntry(type: EntryType, incarnation: number, payload: Buffer): RingEntry {
  switch (type) {
    case 'append':
      return { type, incarnation, batches: payload }
    case 'truncate':
    case 'logStart':
    case 'restart':
      return { type, incarnation, offset: readUInt64(payload, 0) as Offset }
    case 'epochStart':
      return {
        type,
        incarnation,
        epoch: payload.readInt32LE(0) as LeaderEpoch,
        offset: readUInt64(payload, 4) as Offset,
      }
    case 'create':
      return {
        type,
        incarnation,
        topicId: topicId(uuidText(payload.subarray(4, 20))),
        partition: payload.readInt32LE(0) as PartitionIndex,
      }
    case 'delete':
      return { type, incarnation }
  }
}

/** A UUID as its 16 bytes. */
export function uuidBytes(uuid: string): Buffer {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex')
}

export function uuidText(bytes: Buffer): string {
  const hex = bytes.toString('hex')
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-')
}

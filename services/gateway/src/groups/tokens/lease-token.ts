import { BusError, isUuid, limits } from '@courant/kernel'
import { VarintReader, varintSize, writeVarint } from '@courant/record-batch'

/** Where a member is in a partition: the records before `offset` were handed out. */
interface LeasedPartition {
  readonly partition: number
  /** The next offset to read. */
  readonly offset: number
  /** Of the record before it; -1 if unknown. */
  readonly leaderEpoch: number
}

export interface LeasedTopic {
  readonly topicId: string
  readonly partitions: readonly LeasedPartition[]
}

/**
 * What a poll handed out. The log does not change, so positions say it all; partitions whose
 * position is the committed one are left out.
 */
export interface LeaseToken {
  readonly group: string
  readonly memberId: string
  readonly memberEpoch: number
  readonly pollNumber: number
  readonly issuedAtMs: number
  readonly topics: readonly LeasedTopic[]
}

const UUID_BYTES = 16

/**
 * The body of a token, between its head and its signature (see `LeaseTokens`). All numbers are
 * varints of the record format:
 *
 * ```
 * group: length, bytes     memberId: length, bytes
 * memberEpoch  pollNumber  issuedAtMs
 * topics: count, of each   topicId: 16 bytes
 *   partitions: count, of each   partition  offset  leaderEpoch
 * ```
 */
export function encodeLease(token: LeaseToken): Buffer {
  const body = Buffer.allocUnsafe(sizeOf(token))
  let position = 0
  const number = (value: number): void => {
    position = writeVarint(body, value, position)
  }
  for (const name of [token.group, token.memberId]) {
    number(name.length)
    position += body.write(name, position, 'latin1')
  }
  number(token.memberEpoch)
  number(token.pollNumber)
  number(token.issuedAtMs)
  number(token.topics.length)
  for (const { topicId, partitions } of token.topics) {
    position += body.write(topicId.replaceAll('-', ''), position, 'hex')
    number(partitions.length)
    for (const { partition, offset, leaderEpoch } of partitions) {
      number(partition)
      number(offset)
      number(leaderEpoch)
    }
  }
  return body
}

/**
 * Bounded whatever the bytes are, though only bytes with a good signature come here. Throws
 * INVALID_LEASE_TOKEN.
 */
export function decodeLease(body: Buffer): LeaseToken {
  try {
    return read(new VarintReader(body, 0, body.length))
  } catch (thrown) {
    if (!(thrown instanceof BusError)) throw thrown
    throw new BusError('INVALID_LEASE_TOKEN', 'The token is cut off or damaged.', { cause: thrown })
  }
}

function read(reader: VarintReader): LeaseToken {
  const group = text(reader, limits.groupNameLengthMax)
  const memberId = text(reader, limits.memberIdLengthMax)
  const memberEpoch = natural(reader)
  const pollNumber = natural(reader)
  const issuedAtMs = natural(reader)
  const topics = list(reader, () => ({
    topicId: uuid(reader),
    partitions: list(reader, () => ({
      partition: natural(reader),
      offset: natural(reader),
      leaderEpoch: reader.varint(),
    })),
  }))
  if (reader.position !== reader.end) throw damaged()
  return { group, memberId, memberEpoch, pollNumber, issuedAtMs, topics }
}

/** Every item takes a byte at least, so what is left bounds the count before anything is made. */
function list<Item>(reader: VarintReader, item: () => Item): Item[] {
  const count = natural(reader)
  if (count > reader.end - reader.position) throw damaged()
  const items: Item[] = []
  for (let index = 0; index < count; index += 1) items.push(item())
  return items
}

function natural(reader: VarintReader): number {
  const value = reader.varlong()
  if (value < 0) throw damaged()
  return value
}

function text(reader: VarintReader, lengthMax: number): string {
  const length = natural(reader)
  if (length > lengthMax) throw damaged()
  return bytes(reader, length).toString('latin1')
}

function uuid(reader: VarintReader): string {
  const hex = bytes(reader, UUID_BYTES).toString('hex')
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ]
  const topicId = parts.join('-')
  if (!isUuid(topicId)) throw damaged()
  return topicId
}

function bytes(reader: VarintReader, length: number): Buffer {
  const end = reader.position + length
  if (end > reader.end) throw damaged()
  const found = reader.buffer.subarray(reader.position, end)
  reader.position = end
  return found
}

function sizeOf({
  group,
  memberId,
  memberEpoch,
  pollNumber,
  issuedAtMs,
  topics,
}: LeaseToken): number {
  let size = varintSize(group.length) + group.length + varintSize(memberId.length) + memberId.length
  size += varintSize(memberEpoch) + varintSize(pollNumber) + varintSize(issuedAtMs)
  size += varintSize(topics.length)
  for (const { partitions } of topics) {
    size += UUID_BYTES + varintSize(partitions.length)
    for (const { partition, offset, leaderEpoch } of partitions) {
      size += varintSize(partition) + varintSize(offset) + varintSize(leaderEpoch)
    }
  }
  return size
}

function damaged(): BusError {
  return new BusError('INVALID_LEASE_TOKEN', 'The token is cut off or damaged.')
}

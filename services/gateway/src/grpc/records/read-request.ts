import { Isolation, RecordFormat } from '@courant/api/v1/record'
import { LogEnd, type StartPosition } from '@courant/api/v1/record_service'
import { BusError, limits } from '@courant/kernel'
import type { Topic } from '@courant/metadata'
import type { FetchPosition } from '../../fetch/partition-fetcher.ts'
import type { StartAt } from '../../fetch/partition-reader.ts'
import { problemAt } from '../../produce/record-problem.ts'
import type { OffsetQuery } from '../../routing/partition-offsets.ts'
import type { TopicResolver } from '../../topics/topic-resolver.ts'
import type { CallContext } from '../calls/call-context.ts'

/** What the requests for records have in common. */
export interface ReadRequest {
  readonly topic: string
  readonly partition: number
  readonly maxBytes?: number | undefined
  readonly waitMs?: number | undefined
  readonly isolation: Isolation
  readonly format: RecordFormat
}

/** What a read may bring at once, checked. */
export interface ReadLimits {
  readonly maxBytes: number
  readonly isolation: 'committed' | 'uncommitted'
  readonly format: RecordFormat
}

/** The partition inside the caller's tenant. Throws TOPIC_NOT_FOUND or PARTITION_NOT_FOUND. */
export async function partitionOf(
  topics: TopicResolver,
  { principal }: CallContext,
  { topic: name, partition }: Pick<ReadRequest, 'topic' | 'partition'>,
): Promise<Omit<FetchPosition, 'offset'>> {
  const { tenantId } = principal
  const topic = topics.find(tenantId, name) ?? (await topics.resolve(tenantId, name))
  checkPartition(topic, partition)
  return { topicId: topic.topicId, partition }
}

export function limitsOf({ maxBytes, isolation, format }: ReadRequest): ReadLimits {
  if (!(isolation in ISOLATIONS)) throw unknownValue('/isolation')
  if (!FORMATS.has(format)) throw unknownValue('/format')
  checkRange('/maxBytes', maxBytes, 1, limits.fetchBytesMax)
  return {
    maxBytes: maxBytes ?? limits.fetchBytesDefault,
    isolation: ISOLATIONS[isolation as keyof typeof ISOLATIONS],
    format,
  }
}

const ISOLATIONS = {
  [Isolation.ISOLATION_UNSPECIFIED]: 'committed',
  [Isolation.ISOLATION_COMMITTED]: 'committed',
  [Isolation.ISOLATION_UNCOMMITTED]: 'uncommitted',
} as const

const FORMATS = new Set<number>([
  RecordFormat.RECORD_FORMAT_UNSPECIFIED,
  RecordFormat.RECORD_FORMAT_RECORDS,
  RecordFormat.RECORD_FORMAT_BATCHES,
])

export function startOf(start: StartPosition | undefined): StartAt {
  const position = start?.position
  if (position === undefined) return 'earliest'
  switch (position.$case) {
    case 'offset':
      checkRange('/start/offset', position.value, 0, Number.MAX_SAFE_INTEGER)
      return { offset: position.value }
    case 'timestamp':
      checkRange('/start/timestamp', position.value, 0, Number.MAX_SAFE_INTEGER)
      return { timestamp: position.value }
    default:
      return endOf('/start/end', position.value)
  }
}

export function endOf(pointer: string, end: LogEnd): Extract<OffsetQuery, string> {
  if (end === LogEnd.LOG_END_EARLIEST) return 'earliest'
  if (end === LogEnd.LOG_END_LATEST) return 'latest'
  throw unknownValue(pointer)
}

/** Throws INVALID_ARGUMENT for a value beyond; one that is absent is fine. */
export function checkRange(
  pointer: string,
  value: number | undefined,
  min: number,
  max: number,
): void {
  if (value === undefined || (value >= min && value <= max)) return
  throw problemAt('INVALID_ARGUMENT', pointer, `This is from ${min} to ${max}.`)
}

function unknownValue(pointer: string): BusError {
  return problemAt('INVALID_ARGUMENT', pointer, 'This value is not known here.')
}

function checkPartition(topic: Topic, partition: number): void {
  checkRange('/partition', partition, 0, Number.MAX_SAFE_INTEGER)
  if (partition < topic.partitionCount) return
  const detail = `The topic has ${topic.partitionCount} partitions, counted from 0.`
  throw new BusError('PARTITION_NOT_FOUND', detail)
}

import { ListOffsetsRequest, ListOffsetsResponse } from '@courant/api/v1/record_service'
import { BusError } from '@courant/kernel'
import type { DataPath } from '../../rest/records/data-path.ts'
import { findOffsets, type OffsetQuery } from '../../routing/partition-offsets.ts'
import { decoded } from '../calls/decoded.ts'
import type { UnaryMethod } from '../calls/methods.ts'
import { problemMessage } from './problem-message.ts'
import { checkRange, endOf } from './read-request.ts'

/** `RecordService.ListOffsets`. */
export function listOffsets({ topics, leaders }: DataPath): UnaryMethod {
  return async (message, { principal }) => {
    const request = decoded(ListOffsetsRequest, message)
    const query = queryOf(request)
    const topic = await topics.resolve(principal.tenantId, request.topic)
    const found = await findOffsets(leaders, topic.topicId, topic.partitionCount, query)
    const errors = found.filter((one) => one instanceof BusError)
    const [first] = errors
    if (first !== undefined && errors.length === found.length) throw first
    const offsets = found.map((one, partition) =>
      one instanceof BusError
        ? { partition, offset: undefined, problem: problemMessage(one) }
        : { partition, offset: one.offset < 0 ? undefined : one.offset, problem: undefined },
    )
    return ListOffsetsResponse.encode({ offsets }).finish()
  }
}

function queryOf({ query }: ListOffsetsRequest): OffsetQuery {
  if (query === undefined) return 'latest'
  if (query.$case === 'end') return endOf('/end', query.value)
  checkRange('/timestamp', query.value, 0, Number.MAX_SAFE_INTEGER)
  return { timestamp: query.value }
}

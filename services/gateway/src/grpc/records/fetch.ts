import { FetchRequest } from '@courant/api/v1/record_service'
import { assert, limits } from '@courant/kernel'
import { giveBackRecords } from '../../fetch/partition-fetcher.ts'
import type { DataPath } from '../../rest/records/data-path.ts'
import { PAGE_RECORDS_DEFAULT } from '../../rest/records/fetch.ts'
import { withinDeadline } from '../calls/call-context.ts'
import { decoded } from '../calls/decoded.ts'
import type { UnaryMethod } from '../calls/methods.ts'
import { waitSignal } from '../calls/wait-signal.ts'
import { fetchAnswers } from './fetch-answer.ts'
import { checkRange, limitsOf, partitionOf, startOf } from './read-request.ts'

/** `RecordService.Fetch`. */
export function fetchRecords(dataPath: DataPath): UnaryMethod {
  const { topics, reader, reads, buffers, draining } = dataPath
  return async (message, context) => {
    const request = decoded(FetchRequest, message)
    const { maxRecords, waitMs = 0 } = request
    checkRange('/maxRecords', maxRecords, 1, limits.fetchRecordsMax)
    checkRange('/waitMs', waitMs, 0, limits.waitMsMax)
    const { maxBytes, isolation, format } = limitsOf(request)
    const partition = await partitionOf(topics, context, request)
    const waiting = waitSignal(context.signal, draining)
    const hold = reads.hold(context.principal.tenantId)
    try {
      const offset = await reader.startOffset(partition, startOf(request.start), waiting.signal)
      const bounds = { maxBytes, isolation, waitMs: withinDeadline(context, waitMs) }
      const position = { ...partition, offset }
      const fetched = await reader.read(position, bounds, hold, waiting.signal)
      const recordsMax = maxRecords ?? PAGE_RECORDS_DEFAULT
      const answers = fetchAnswers(
        fetched,
        offset,
        format,
        { recordsMax, bytesMax: maxBytes },
        buffers,
      )
      const { value: first } = answers.next()
      assert(first !== undefined, 'there is an answer')
      giveBackRecords(fetched)
      return first.message
    } finally {
      waiting.end()
      hold.release()
    }
  }
}

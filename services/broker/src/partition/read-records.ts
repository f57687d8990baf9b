import type { Offset } from '@courant/kernel'
import type { PartitionLog, ReadResult } from '@courant/log'
import type { FetchedRecords, FetchRequest } from './fetched-records.ts'
import { readOn } from './read-on.ts'

/**
 * Reads below `end`. All numbers of the answer belong together: they were taken in one turn, before
 * the read, whose records can only lie within them (KAFKA-7104).
 */
export function readRecords(
  log: PartitionLog,
  { offset, maxBytes, first }: FetchRequest,
  end: Offset,
  count: (size: number) => void,
): FetchedRecords | Promise<FetchedRecords> {
  const { highWatermark, logStartOffset } = log
  const found = readOn(log, { offset: offset as Offset, maxBytes, first, end })
  const answer = ({ chunks, size, release }: ReadResult): FetchedRecords => {
    count(size)
    return { chunks, size, highWatermark, logStartOffset, release }
  }
  return found instanceof Promise ? found.then(answer) : answer(found)
}

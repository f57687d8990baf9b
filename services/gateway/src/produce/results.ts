import { problemOf } from '@courant/api'
import { assert } from '@courant/kernel'
import type { Share, Written } from '../accumulator/share.ts'
import type { BufferPool } from '../fetch/buffer-pool.ts'
import { type Borrowed, ByteWriter, constant } from '../fetch/byte-writer.ts'
import type { PendingProduce } from './pending-produce.ts'

const CLOSE = constant('}')

/** Goes through the outcomes of one share, record by record. */
export class ShareReader {
  readonly partition: number
  readonly #share: Share
  #next = 0
  #written: Written | undefined
  #left = 0
  #offset = -1

  constructor(share: Share) {
    this.#share = share
    this.partition = share.partition
  }

  /** What the results of the share have in common. */
  get head(): string {
    return `"partition":${this.partition},"offset":`
  }

  /** The next record's offset, or -1 where it was not written. */
  nextOffset(): number {
    if (this.#left === 0) {
      this.#written = this.#share.written[this.#next]
      this.#next += 1
      if (this.#written === undefined) return -1
      this.#left = this.#written.count
      this.#offset = this.#written.baseOffset
    }
    this.#left -= 1
    this.#offset += 1
    return this.#offset - 1
  }

  /** Append time of the record that `nextOffset` was last asked for, or -1. */
  get appendTime(): number {
    return this.#written?.appendTime ?? -1
  }
}

/**
 * The results of a request as JSON objects, in the order of its records:
 *
 * ```
 * {"partition":3,"offset":41209,"timestamp":1764000000000}
 * {"partition":3,"offset":null,"problem":{…}}
 * ```
 *
 * Written by hand: all but the numbers is the same for each of possibly thousands of records.
 * `begin` is put in front of each, given the index of its record, and `end` behind it.
 */
export function resultsText(
  pending: PendingProduce,
  requestId: string,
  begin: (index: number) => string,
  end = '',
): string {
  const readers = new Map<number, ShareReader>()
  const problems = new Map<number, string>()
  for (const share of pending.shares.values()) {
    readers.set(share.partition, new ShareReader(share))
    if (share.error === null) continue
    problems.set(share.partition, JSON.stringify(problemOf(share.error, requestId)))
  }
  const [only] = pending.shares.keys()
  let text = ''
  let tail = ''
  let tailTimestamp = -1
  for (let index = 0; index < pending.recordCount; index += 1) {
    const partition = pending.partitions?.[index] ?? only ?? -1
    const reader = readers.get(partition)
    assert(reader !== undefined, 'every record belongs to a share')
    const offset = reader.nextOffset()
    text += begin(index) + reader.head
    if (offset < 0) text += `null,"problem":${problems.get(partition)}}${end}`
    else {
      const { appendTime } = reader
      const timestamp = appendTime >= 0 ? appendTime : (pending.timestamps?.[index] ?? pending.now)
      if (timestamp !== tailTimestamp) {
        tailTimestamp = timestamp
        tail = `,"timestamp":${timestamp}}${end}`
      }
      text += offset + tail
    }
  }
  return text
}

const RESULTS = constant('{"results":[')
const COMMA = constant(',')
const PARTITION = constant('{"partition":')
const OFFSET = constant(',"offset":')
const FAILED_NONE = constant('],"failed":0}')
/** What a result takes, mostly. */
const RESULT_BYTES = 64

/** Up to here a text is quicker: it leaves with the headers, in one piece. */
const TEXT_RECORDS_MAX = 16

/** The whole answer when every record was written. `giveBack` ends the use of bytes. */
export function writtenResults(pending: PendingProduce, buffers: BufferPool): string | Borrowed {
  if (pending.recordCount === 1) return `{"results":[${onlyResult(pending)}],"failed":0}`
  if (pending.recordCount > TEXT_RECORDS_MAX) return writtenBytes(pending, buffers)
  return `{"results":[${resultsText(pending, '', asListItem)}],"failed":0}`
}

/** By far the most usual request has one record. */
function onlyResult({ shares, timestamps, now }: PendingProduce): string {
  const [share] = shares.values()
  const written = share?.written[0]
  assert(share !== undefined && written !== undefined, 'a record that was written has a place')
  const { baseOffset, appendTime } = written
  const timestamp = appendTime >= 0 ? appendTime : (timestamps?.[0] ?? now)
  return `{"partition":${share.partition},"offset":${baseOffset},"timestamp":${timestamp}}`
}

/** The same results as bytes, at half the cost where there are many. */
function writtenBytes(pending: PendingProduce, buffers: BufferPool): Borrowed {
  const { recordCount, partitions, timestamps, now, shares } = pending
  const out = new ByteWriter(64 + recordCount * RESULT_BYTES, buffers)
  const readers = new Map<number, ShareReader>()
  for (const share of shares.values()) readers.set(share.partition, new ShareReader(share))
  let [reader] = readers.values()
  const onlyHead = partitions === null ? constant(`{${reader?.head}`) : null
  let tail = CLOSE
  let tailTimestamp = -1
  out.constant(RESULTS)
  for (let index = 0; index < recordCount; index += 1) {
    if (index > 0) out.constant(COMMA)
    if (partitions !== null) reader = readers.get(partitions[index] ?? -1)
    assert(reader !== undefined, 'every record belongs to a share')
    if (onlyHead !== null) out.constant(onlyHead)
    else {
      out.constant(PARTITION)
      out.integer(reader.partition)
      out.constant(OFFSET)
    }
    out.integer(reader.nextOffset())
    const { appendTime } = reader
    const timestamp = appendTime >= 0 ? appendTime : (timestamps?.[index] ?? now)
    if (timestamp !== tailTimestamp) {
      tailTimestamp = timestamp
      tail = constant(`,"timestamp":${timestamp}}`)
    }
    out.constant(tail)
  }
  out.constant(FAILED_NONE)
  return out.takeBorrowed()
}

/** The results of a request that was not waited for: where the records go, and nothing else. */
export function unknownResultsText(
  pending: PendingProduce,
  begin: (index: number) => string,
  end = '',
): string {
  const [only] = pending.shares.keys()
  let text = ''
  for (let index = 0; index < pending.recordCount; index += 1) {
    const partition = pending.partitions?.[index] ?? only
    const timestamp = pending.timestamps?.[index] ?? pending.now
    text += `${begin(index)}"partition":${partition},"offset":null,"timestamp":${timestamp}}${end}`
  }
  return text
}

/** For results as the items of a JSON list. */
export function asListItem(index: number): string {
  return index === 0 ? '{' : ',{'
}

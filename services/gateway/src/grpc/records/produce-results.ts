import { Problem } from '@courant/api/v1/problem'
import { assert, type BusError } from '@courant/kernel'
import type { BufferPool } from '../../fetch/buffer-pool.ts'
import type { PendingProduce } from '../../produce/pending-produce.ts'
import { ShareReader } from '../../produce/results.ts'
import { bytesSize, integerSize, MessageWriter } from '../wire/message-writer.ts'
import { problemMessage } from './problem-message.ts'

/** Fields of ProduceResponse, which those of ProduceStreamResponse begin with. */
const RESULTS = 1
const FAILED = 2
const CORRELATION_ID = 3
const PROBLEM = 4
/** Fields of ProduceResult. */
const RECORD_COUNT = 1
const PARTITION = 2
const OFFSET = 3
const TIMESTAMP = 4
const RESULT_PROBLEM = 5

/** What a result takes, mostly. */
const RESULT_BYTES = 24
const UNKNOWN = -1

/** Consecutive records of one fate. A part that is -1 is not told. */
interface Run {
  count: number
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly problem: Buffer | null
}

/** Records that were refused before anything was submitted, by their index in the request. */
export type Refusals = ReadonlyMap<number, BusError>

export interface Outcome {
  /** Null: none of the records was submitted. */
  readonly pending: PendingProduce | null
  readonly refusals: Refusals
  readonly recordCount: number
  /** `none`: nobody has waited, so offsets are not known. */
  readonly acks: 'wait' | 'none'
}

/** The answer to a produce request; of a stream with its correlation id. */
export function encodeOutcome(
  outcome: Outcome,
  correlationId: number | null,
  buffers: BufferPool,
): Buffer {
  const out = new MessageWriter(64 + RESULT_BYTES * runsExpected(outcome), buffers)
  const results = new Results(out)
  const place = placer(outcome)
  for (let index = 0; index < outcome.recordCount; index += 1) {
    const refusal = outcome.refusals.get(index)
    if (refusal === undefined) place(results)
    else results.refused(UNKNOWN, encodeProblem(refusal))
  }
  results.end()
  out.integer(FAILED, failedCount(outcome))
  if (correlationId !== null) out.integer(CORRELATION_ID, correlationId)
  return out.take()
}

/** The answer to a request of a stream of which nothing was taken. */
export function encodeRefusal(
  error: BusError,
  recordCount: number,
  correlationId: number,
  buffers: BufferPool,
): Buffer {
  const problem = encodeProblem(error)
  const out = new MessageWriter(64 + problem.length, buffers)
  out.integer(FAILED, recordCount)
  out.integer(CORRELATION_ID, correlationId)
  out.bytes(PROBLEM, problem)
  return out.take()
}

/** How many records were not written, as far as that is known. */
function failedCount({ pending, refusals, acks }: Outcome): number {
  return refusals.size + (acks === 'wait' ? (pending?.failedCount ?? 0) : 0)
}

function runsExpected({ pending, recordCount, refusals }: Outcome): number {
  return pending?.partitions === null ? 1 + 2 * refusals.size : recordCount
}

/** Puts records into runs and writes each run when it has ended. */
class Results {
  readonly #out: MessageWriter
  #run: Run | null = null

  constructor(out: MessageWriter) {
    this.#out = out
  }

  written(partition: number, offset: number, timestamp: number): void {
    const run = this.#run
    if (
      run !== null &&
      run.problem === null &&
      run.partition === partition &&
      run.timestamp === timestamp &&
      (offset < 0 ? run.offset < 0 : run.offset + run.count === offset)
    ) {
      run.count += 1
      return
    }
    this.end()
    this.#run = { count: 1, partition, offset, timestamp, problem: null }
  }

  refused(partition: number, problem: Buffer): void {
    const run = this.#run
    if (run !== null && run.problem === problem && run.partition === partition) {
      run.count += 1
      return
    }
    this.end()
    this.#run = { count: 1, partition, offset: UNKNOWN, timestamp: UNKNOWN, problem }
  }

  end(): void {
    const run = this.#run
    if (run === null) return
    const { count, partition, offset, timestamp, problem } = run
    const out = this.#out
    const size =
      integerSize(count) +
      (partition < 0 ? 0 : integerSize(partition)) +
      (offset < 0 ? 0 : integerSize(offset)) +
      (timestamp < 0 ? 0 : integerSize(timestamp)) +
      (problem === null ? 0 : bytesSize(problem.length))
    out.begin(RESULTS, size)
    out.integer(RECORD_COUNT, count)
    if (partition >= 0) out.integer(PARTITION, partition)
    if (offset >= 0) out.integer(OFFSET, offset)
    if (timestamp >= 0) out.integer(TIMESTAMP, timestamp)
    if (problem !== null) out.bytes(RESULT_PROBLEM, problem)
    this.#run = null
  }
}

/** Called once for each record that was submitted, in their order. */
function placer({ pending, acks }: Outcome): (results: Results) => void {
  if (pending === null) return () => assert(false, 'what was not submitted was refused')
  const { partitions, timestamps, now, shares } = pending
  const [only] = shares.keys()
  const readers = new Map<number, ShareReader>()
  const problems = new Map<number, Buffer>()
  for (const share of shares.values()) {
    readers.set(share.partition, new ShareReader(share))
    if (share.error !== null) problems.set(share.partition, encodeProblem(share.error))
  }
  let index = -1
  return (results) => {
    index += 1
    const partition = partitions?.[index] ?? only ?? UNKNOWN
    const given = timestamps?.[index] ?? now
    if (acks === 'none') {
      results.written(partition, UNKNOWN, given)
      return
    }
    const reader = readers.get(partition)
    assert(reader !== undefined, 'every record belongs to a share')
    const offset = reader.nextOffset()
    if (offset >= 0) {
      const { appendTime } = reader
      results.written(partition, offset, appendTime >= 0 ? appendTime : given)
      return
    }
    const problem = problems.get(partition)
    assert(problem !== undefined, 'a record that was not written has a problem')
    results.refused(partition, problem)
  }
}

function encodeProblem(error: BusError): Buffer {
  return Buffer.from(Problem.encode(problemMessage(error)).finish())
}

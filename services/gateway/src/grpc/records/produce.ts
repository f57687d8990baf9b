import { BusError, limits } from '@courant/kernel'
import { nextTurn } from '../../produce/next-turn.ts'
import { problemAt } from '../../produce/record-problem.ts'
import { RecordsPool } from '../../produce/records-pool.ts'
import type { Submission } from '../../produce/submission.ts'
import type { DataPath } from '../../rest/records/data-path.ts'
import { type CallContext, withinDeadline } from '../calls/call-context.ts'
import type { UnaryMethod } from '../calls/methods.ts'
import { decompressedBytesOf, readEncoded } from './encoded-records.ts'
import { NewRecords } from './new-records.ts'
import { type ProduceHead, readProduceHead } from './produce-head.ts'
import { encodeOutcome, type Refusals } from './produce-results.ts'

/** `RecordService.Produce`. */
export function produce(dataPath: DataPath): UnaryMethod {
  const submit = submitter(dataPath)
  return async (message, context) => {
    const head = readProduceHead(message)
    const { pending } = await submit(message, head, context)
    const { recordCount } = pending
    if (head.acks !== 'none') {
      await pending.whenDecided()
      const { worstError, failedCount } = pending
      if (worstError !== null && failedCount === recordCount) throw worstError
    }
    const acks = head.acks === 'none' ? 'none' : 'wait'
    const outcome = { pending, refusals: NO_REFUSALS, recordCount, acks } as const
    return encodeOutcome(outcome, null, dataPath.buffers)
  }
}

/** Hands the records of a message on; from then on nothing of the message is needed. */
function submitter({ bodies, clock, producer, topics }: DataPath) {
  const reading = new NewRecords()
  const pool = new RecordsPool()
  return async (message: Buffer, head: ProduceHead, context: CallContext): Promise<Submission> => {
    checkSize(message)
    const { tenantId } = context.principal
    const { batches } = head
    const reserved = bodies.take(message.length + decompressedBytesOf(message, batches))
    const records = pool.take()
    try {
      const topic =
        topics.find(tenantId, head.topic) ?? (await topics.resolve(tenantId, head.topic))
      const rules = { partitionCount: topic.partitionCount, now: clock.now() }
      if (batches === null) reading.read(message, records, rules, refuseAll)
      else readEncoded(message, batches, records, rules)
      if (records.count === 0) throw noRecord()
      const timeoutMs = withinDeadline(context, head.timeoutMs ?? limits.produceTimeoutMsDefault)
      const options = { acks: head.acks, timeoutMs }
      const submission = producer.submit(topic, records, options, (index) => `/records/${index}`)
      while (!submission.next()) await nextTurn()
      return submission
    } finally {
      pool.give(records)
      bodies.give(reserved)
    }
  }
}

/** One record that is not valid, and none is written. */
function refuseAll(_index: number, error: BusError): never {
  throw error
}

/** Throws PAYLOAD_TOO_LARGE: what is a little too large is told so; grpc-js cuts off the rest. */
export function checkSize(message: Buffer): void {
  if (message.length <= limits.bodyBytesMax) return
  const detail = `A request has at most ${limits.bodyBytesMax} bytes.`
  throw new BusError('PAYLOAD_TOO_LARGE', detail)
}

const NO_REFUSALS: Refusals = new Map()

function noRecord(): BusError {
  return problemAt('INVALID_ARGUMENT', '/records', 'There is no record in the request.')
}

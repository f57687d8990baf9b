import { BusError, limits } from '@courant/kernel'
import type { Topic } from '@courant/metadata'
import { nextTurn } from '../../produce/next-turn.ts'
import { ParsedRecords } from '../../produce/parsed-records.ts'
import { submitWhenRoom } from '../../produce/submit-when-room.ts'
import type { DataPath } from '../../rest/records/data-path.ts'
import { type CallContext, withinDeadline } from '../calls/call-context.ts'
import type { DuplexMethod, Respond } from '../calls/methods.ts'
import { untilAborted } from '../calls/until-aborted.ts'
import { waitSignal } from '../calls/wait-signal.ts'
import { decompressedBytesOf, readEncoded } from './encoded-records.ts'
import { NewRecords } from './new-records.ts'
import { checkSize } from './produce.ts'
import { type ProduceHead, readProduceHead } from './produce-head.ts'
import { encodeOutcome, encodeRefusal, type Outcome } from './produce-results.ts'

/** Requests and their bytes that may be under way, give or take one; beyond, none is read. */
const AHEAD_MAX = 256
const BYTES_AHEAD_MAX = 4 * 1024 * 1024
/** What a record that was refused holds until its result has been sent. */
const PROBLEM_BYTES = 512

/** `RecordService.ProduceStream`. */
export function produceStream(dataPath: DataPath): DuplexMethod {
  const reading = new NewRecords()
  return async (requests, respond, context) => {
    const waiting = waitSignal(context.signal, dataPath.draining)
    const stream = new ProduceStream(dataPath, reading, respond, context, waiting.signal)
    try {
      await stream.run(requests)
    } finally {
      waiting.end()
    }
  }
}

/** One stream: its requests are taken one after the other, and answered as their fate is known. */
class ProduceStream {
  readonly #dataPath: DataPath
  readonly #reading: NewRecords
  readonly #records = new ParsedRecords()
  readonly #respond: Respond
  readonly #context: CallContext
  readonly #signal: AbortSignal
  readonly #underWay = new Set<Promise<void>>()
  #bytesUnderWay = 0
  #wake: () => void = () => {}
  #first: ProduceHead | null = null
  #topicName = ''

  constructor(
    dataPath: DataPath,
    reading: NewRecords,
    respond: Respond,
    context: CallContext,
    signal: AbortSignal,
  ) {
    this.#dataPath = dataPath
    this.#reading = reading
    this.#respond = respond
    this.#context = context
    this.#signal = signal
  }

  /** Resolves when all requests are answered. What was taken is answered even if it throws. */
  async run(requests: AsyncIterable<Buffer>): Promise<void> {
    const { bodies, draining } = this.#dataPath
    try {
      for await (const message of untilAborted(requests, this.#signal)) {
        await this.#room(message.length)
        if (this.#signal.aborted) break
        checkSize(message)
        const reserved = bodies.take(message.length)
        try {
          await this.#take(message)
        } finally {
          bodies.give(reserved)
        }
      }
    } finally {
      await Promise.all(this.#underWay)
    }
    if (draining.hasBegun && this.#signal.aborted) {
      throw new BusError('SHUTTING_DOWN', 'What was not answered was not taken.')
    }
  }

  /** Takes one request; that nothing of it can be taken is its answer. */
  async #take(message: Buffer): Promise<void> {
    const head = readProduceHead(message)
    this.#first ??= head
    if (head.topic !== '') this.#topicName = head.topic
    const { bodies } = this.#dataPath
    let recordCount = 0
    let decompressed = 0
    try {
      decompressed = bodies.take(decompressedBytesOf(message, head.batches))
      const topic = await this.#topic()
      const refusals = new Map<number, BusError>()
      const rules = {
        partitionCount: topic.partitionCount,
        now: this.#dataPath.clock.now(),
      }
      const refuse = (index: number, error: BusError) => refusals.set(index, error)
      recordCount =
        head.batches === null
          ? this.#reading.read(message, this.#records, rules, refuse)
          : readEncoded(message, head.batches, this.#records, rules)
      const acks = this.#first.acks === 'none' ? ('none' as const) : ('wait' as const)
      const pending = this.#records.count === 0 ? null : await this.#submit(topic, this.#first)
      const outcome = { pending, refusals, recordCount, acks }
      this.#track(this.#answer(outcome, head), message.length + PROBLEM_BYTES * refusals.size)
    } catch (thrown) {
      const error = BusError.from(thrown)
      const { buffers } = this.#dataPath
      const answer = encodeRefusal(error, recordCount, head.correlationId, buffers)
      this.#track(this.#respond(answer), PROBLEM_BYTES)
    } finally {
      bodies.give(decompressed)
    }
  }

  async #answer(outcome: Outcome, { correlationId }: ProduceHead): Promise<void> {
    if (outcome.acks === 'wait') await outcome.pending?.whenDecided()
    await this.#respond(encodeOutcome(outcome, correlationId, this.#dataPath.buffers))
  }

  async #submit(topic: Topic, { acks, timeoutMs }: ProduceHead) {
    const { producer, clock } = this.#dataPath
    const options = {
      acks,
      timeoutMs: withinDeadline(this.#context, timeoutMs ?? limits.produceTimeoutMsDefault),
    }
    const isOver = (): boolean => this.#signal.aborted
    const submission = await submitWhenRoom(
      () => producer.submit(topic, this.#records, options, (index) => `/records/${index}`),
      { clock, timeoutMs: options.timeoutMs, isOver },
    )
    while (!submission.next()) await nextTurn()
    return submission.pending
  }

  /** Looked up for each request: the stream may outlive changes of the topic's settings. */
  async #topic(): Promise<Topic> {
    const { topics } = this.#dataPath
    const { tenantId } = this.#context.principal
    return topics.find(tenantId, this.#topicName) ?? topics.resolve(tenantId, this.#topicName)
  }

  #track(answering: Promise<void>, bytes: number): void {
    this.#bytesUnderWay += bytes
    const tracked = answering.finally(() => {
      this.#underWay.delete(tracked)
      this.#bytesUnderWay -= bytes
      this.#wake()
    })
    this.#underWay.add(tracked)
  }

  async #room(bytes: number): Promise<void> {
    while (
      this.#underWay.size >= AHEAD_MAX ||
      (this.#underWay.size > 0 && this.#bytesUnderWay + bytes > BYTES_AHEAD_MAX)
    ) {
      if (this.#signal.aborted) return
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}

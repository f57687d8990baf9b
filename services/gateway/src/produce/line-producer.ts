import type { Readable } from 'node:stream'
import { problemOf } from '@courant/api'
import { assert, BusError, type Clock, limits } from '@courant/kernel'
import type { TargetTopic } from '../accumulator/topic-accumulator.ts'
import type { Draining } from '../http/draining.ts'
import type { BodyBudget } from './body-budget.ts'
import { LineBatch } from './line-batch.ts'
import { LineSplitter } from './line-splitter.ts'
import { nextTurn } from './next-turn.ts'
import { ParsedRecords } from './parsed-records.ts'
import type { ProduceOptions } from './produce-options.ts'
import type { Producer } from './producer.ts'
import { submitWhenRoom } from './submit-when-room.ts'

export interface LineProducerOptions extends ProduceOptions {
  readonly onError: 'continue' | 'stop'
  readonly requestId: string
  /** When it begins, no further line is taken; what was taken gets its result. */
  readonly draining: Draining
}

/** Line batches that may be under way; beyond, the body is not read on. */
const BATCHES_AHEAD_MAX = 32
/** Bytes of lines that go into one batch, and that may be under way, give or take a chunk. */
const BATCH_BYTES = 256 * 1024
/** Lines of one batch: however short they are, each has a result. */
const BATCH_LINES_MAX = 2_000
/** What a bad line holds until its result has been taken. */
const PROBLEM_BYTES = 2 * 1024
const BYTES_AHEAD_MAX = 4 * 1024 * 1024
/** Lines that are longer while they arrive are counted among the bodies that are being read. */
const LONG_LINE_BYTES = 256 * 1024

/**
 * Produces the lines of an NDJSON body while it arrives, and yields their results while it does so.
 * Both directions are held by backpressure: the body is read on only as fast as batches are
 * answered, and those only as fast as the caller takes its results.
 */
export class LineProducer {
  readonly #producer: Producer
  readonly #bodies: BodyBudget
  readonly #clock: Clock
  readonly #topic: () => TargetTopic
  readonly #options: LineProducerOptions
  readonly #records = new ParsedRecords()
  readonly #underWay: { readonly batch: LineBatch; readonly bytes: number }[] = []
  #bytesUnderWay = 0
  /** What a long line that has not ended holds of the bodies' budget. */
  #reservedBytes = 0
  #lineCount = 0
  #failedCount = 0
  #reading: 'going' | 'done' = 'going'
  /** Between the decision to take a batch of lines and its place among those under way. */
  #isSubmitting = false
  #isCutShort = false
  #wakeReader: () => void = () => {}
  #wakeWriter: () => void = () => {}

  /** `topic` is asked for each batch: the stream may outlive changes of its settings. */
  constructor(
    producer: Producer,
    bodies: BodyBudget,
    clock: Clock,
    topic: () => TargetTopic,
    options: LineProducerOptions,
  ) {
    this.#producer = producer
    this.#bodies = bodies
    this.#clock = clock
    this.#topic = topic
    this.#options = options
  }

  /**
   * The text of the answer. Its last line tells how many records there were, or why the body was
   * not read on. It throws when the body breaks off: then there is no last line.
   */
  async *run(body: Readable): AsyncGenerator<string, void, undefined> {
    const leave = this.#options.draining.onBegin(() => {
      this.#wakeReader()
      this.#wakeWriter()
    })
    const reading = this.#read(body).finally(() => {
      this.#reading = 'done'
      this.#wakeWriter()
    })
    // It is awaited below; until then a failure must not count as unhandled.
    reading.catch(() => {})
    try {
      while (true) {
        const next = this.#underWay[0]
        if (next !== undefined) yield await this.#finish(next.batch)
        else if (this.#reading === 'done' || this.#isDrained()) break
        else await new Promise<void>((resolve) => (this.#wakeWriter = resolve))
      }
      if (this.#isDrained() || this.#isCutShort) yield this.#cutLine(drained())
      else yield await this.#lastLine(reading)
    } finally {
      leave()
      this.#reading = 'done'
      this.#wakeReader()
    }
  }

  /** Whether the process is stopping and every line that was taken has its result. */
  #isDrained(): boolean {
    return this.#options.draining.hasBegun && this.#reading === 'going' && !this.#isSubmitting
  }

  /** A body that cannot be read on is told why; of one that broke off, there is nobody to tell. */
  async #lastLine(reading: Promise<void>): Promise<string> {
    try {
      await reading
      return `{"done":true,${this.#counts()}}\n`
    } catch (thrown) {
      if (thrown instanceof BusError) return this.#cutLine(thrown)
      throw thrown
    }
  }

  #cutLine(error: BusError): string {
    const problem = JSON.stringify(problemOf(error, this.#options.requestId))
    return `{"done":false,${this.#counts()},"problem":${problem}}\n`
  }

  #counts(): string {
    return `"records":${this.#lineCount},"failed":${this.#failedCount}`
  }

  async #finish(batch: LineBatch): Promise<string> {
    await batch.whenDecided()
    const done = this.#underWay.shift()
    assert(done?.batch === batch, 'results leave in the order of the lines')
    this.#bytesUnderWay -= done.bytes
    this.#failedCount += batch.failedCount
    this.#wakeReader()
    return batch.results(this.#options.requestId)
  }

  /** Reads to the end, or until the stream is over; then the rest of the body is left unread. */
  async #read(body: Readable): Promise<void> {
    const splitter = new LineSplitter()
    try {
      await this.#readLines(body, splitter)
    } finally {
      this.#bodies.give(this.#reservedBytes)
    }
  }

  async #readLines(body: Readable, splitter: LineSplitter): Promise<void> {
    let lines: Buffer[] = []
    let bytes = 0
    const take = async (): Promise<void> => {
      await this.#submit(lines, bytes)
      lines = []
      bytes = 0
    }
    // Not destroyed on the way out: with the request its connection would go, and the answer with
    // it.
    for await (const chunk of body.iterator({ destroyOnReturn: false })) {
      const ended = splitter.push(chunk)
      this.#reserveFor(splitter.heldBytes)
      for (const line of ended) {
        if (isBlank(line)) continue
        lines.push(line)
        bytes += line.length
        if (bytes >= BATCH_BYTES || lines.length === BATCH_LINES_MAX) await take()
        if (this.#isOver()) return
      }
      if (lines.length > 0) await take()
      if (this.#isOver()) return
    }
    const last = splitter.end()
    if (last !== null && !isBlank(last)) {
      lines.push(last)
      bytes += last.length
      await take()
    }
  }

  /** Long lines are counted as the longest that there may be, before they have become that. */
  #reserveFor(heldBytes: number): void {
    if (heldBytes > LONG_LINE_BYTES && this.#reservedBytes === 0) {
      this.#reservedBytes = this.#bodies.take(limits.lineBytesMax)
    } else if (heldBytes === 0 && this.#reservedBytes > 0) {
      this.#bodies.give(this.#reservedBytes)
      this.#reservedBytes = 0
    }
  }

  /** The caller has gone, we are stopping, or a line failed and the stream stops at failures. */
  #isOver(): boolean {
    if (this.#reading === 'done') return true
    if (this.#options.draining.hasBegun) {
      this.#isCutShort = true
      return true
    }
    return this.#options.onError === 'stop' && this.#failedSoFar() > 0
  }

  #failedSoFar(): number {
    return this.#underWay.reduce((sum, { batch }) => sum + batch.failedCount, this.#failedCount)
  }

  async #submit(lines: readonly Buffer[], bytes: number): Promise<void> {
    while (!this.#isOver() && this.#isFull(bytes)) {
      await new Promise<void>((resolve) => (this.#wakeReader = resolve))
    }
    if (this.#isOver()) return
    this.#isSubmitting = true
    const batch = new LineBatch(this.#lineCount)
    const { partitionCount } = this.#topic()
    const rules = { partitionCount, now: this.#clock.now() }
    for (const _ of batch.parse(lines, this.#records, rules, this.#options.onError))
      await nextTurn()
    this.#lineCount += batch.lineCount
    if (this.#records.count > 0) await this.#submitRecords(batch)
    this.#isSubmitting = false
    const held = bytes + batch.problemCount * PROBLEM_BYTES
    this.#underWay.push({ batch, bytes: held })
    this.#bytesUnderWay += held
    this.#wakeWriter()
  }

  #isFull(bytes: number): boolean {
    if (this.#underWay.length === 0) return false
    return (
      this.#underWay.length >= BATCHES_AHEAD_MAX || this.#bytesUnderWay + bytes > BYTES_AHEAD_MAX
    )
  }

  async #submitRecords(batch: LineBatch): Promise<void> {
    const { acks, timeoutMs } = this.#options
    const isOver = (): boolean => this.#reading === 'done'
    try {
      const submission = await submitWhenRoom(
        () => this.#producer.submit(this.#topic(), this.#records, this.#options, root),
        { clock: this.#clock, timeoutMs, isOver },
      )
      while (!submission.next()) await nextTurn()
      batch.submitted(submission.pending, acks === 'none' ? 'none' : 'wait')
    } catch (thrown) {
      batch.refused(BusError.from(thrown))
    }
  }
}

/** Blank lines are skipped: they end a file, or keep a stream alive. */
function isBlank(line: Buffer): boolean {
  for (let index = 0; index < line.length; index += 1) {
    const byte = line[index]
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) return false
  }
  return true
}

function drained(): BusError {
  return new BusError('SHUTTING_DOWN', 'Send the lines behind the last result again.')
}

function root(): string {
  return ''
}

import { isUtf8 } from 'node:buffer'
import { problemOf } from '@courant/api'
import { BusError } from '@courant/kernel'
import type { ParsedRecords } from './parsed-records.ts'
import type { PendingProduce } from './pending-produce.ts'
import { RecordParser, type RecordRules } from './record-parser.ts'
import { problemAt } from './record-problem.ts'
import { resultsText, unknownResultsText } from './results.ts'

/**
 * Some consecutive lines of an NDJSON body: which of them are records, what is wrong with the
 * others, and, once they were submitted, where the records went. Its results are in the order of
 * the lines.
 */
export class LineBatch {
  /** Index of the first line in the body; blank lines are not counted. */
  readonly firstIndex: number
  lineCount = 0
  /** By index within the batch. */
  readonly #problems = new Map<number, BusError>()
  #pending: PendingProduce | null = null
  #acks: 'wait' | 'none' = 'wait'

  constructor(firstIndex: number) {
    this.firstIndex = firstIndex
  }

  get failedCount(): number {
    // Of what nobody waits for, nothing is told.
    const refused = this.#acks === 'wait' ? this.#pending?.failedCount : 0
    return this.#problems.size + (refused ?? 0)
  }

  /** How many lines had no record in them, so far. */
  get problemCount(): number {
    return this.#problems.size
  }

  /**
   * Parses lines into `records`; `onError: 'stop'` leaves out what is behind the first bad one. It
   * does so in slices: between two of them others have their turn.
   */
  *parse(
    lines: readonly Buffer[],
    records: ParsedRecords,
    rules: RecordRules,
    onError: 'continue' | 'stop',
  ): Generator<void, void, undefined> {
    const text = lines.length === 1 ? (lines[0] ?? NOTHING) : Buffer.concat(lines)
    records.reset(text)
    const parser = new RecordParser(text, records, rules)
    const textIsUtf8 = isUtf8(text)
    let start = 0
    for (const line of lines) {
      const end = start + line.length
      const before = records.count
      try {
        parser.scanner.reset(text, start, end)
        if (!textIsUtf8 && !isUtf8(line)) {
          throw problemAt('INVALID_JSON', '', 'The line is not valid UTF-8.')
        }
        while (!parser.parse(root)) yield
        parser.syntax(parser.scanner.finish(), root)
      } catch (thrown) {
        records.count = before
        this.#problems.set(this.lineCount, BusError.from(thrown))
      }
      this.lineCount += 1
      start = end
      if (onError === 'stop' && this.#problems.size > 0) return
      if (this.lineCount % LINES_PER_SLICE === 0) yield
    }
  }

  /** The records were taken. */
  submitted(pending: PendingProduce, acks: 'wait' | 'none'): void {
    this.#pending = pending
    this.#acks = acks
  }

  /** None of the records was taken: each of their lines has this outcome. */
  refused(error: BusError): void {
    for (let index = 0; index < this.lineCount; index += 1) {
      if (!this.#problems.has(index)) this.#problems.set(index, error)
    }
  }

  async whenDecided(): Promise<void> {
    if (this.#acks === 'wait') await this.#pending?.whenDecided()
  }

  /** One result a line, as text. */
  results(requestId: string): string {
    const pending = this.#pending
    if (pending === null) return this.#problemLines(0, this.lineCount, requestId)
    let line = 0
    const begin = (): string => {
      const problems = this.#problemLines(line, this.#nextRecordLine(line), requestId)
      line = this.#nextRecordLine(line) + 1
      return `${problems}{"index":${this.firstIndex + line - 1},`
    }
    const text =
      this.#acks === 'wait'
        ? resultsText(pending, requestId, begin, '\n')
        : unknownResultsText(pending, begin, '\n')
    return text + this.#problemLines(line, this.lineCount, requestId)
  }

  #nextRecordLine(from: number): number {
    let line = from
    while (this.#problems.has(line)) line += 1
    return line
  }

  #problemLines(from: number, to: number, requestId: string): string {
    let text = ''
    for (let line = from; line < to; line += 1) {
      const error = this.#problems.get(line)
      if (error === undefined) continue
      const problem = JSON.stringify(problemOf(error, requestId))
      text += `{"index":${this.firstIndex + line},"offset":null,"problem":${problem}}\n`
    }
    return text
  }
}

const NOTHING = Buffer.alloc(0)
/** A bad line costs some twenty microseconds: its error, and the problem that tells of it. */
const LINES_PER_SLICE = 500

function root(): string {
  return ''
}

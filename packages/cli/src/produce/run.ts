import { EXIT, Failure, usageError } from '../failure.ts'
import { formatAmount, formatCount, formatElapsed } from '../output/format.ts'
import type { Session } from '../session.ts'
import { parseKeyPath } from './key-field.ts'
import { type InputOutcome, type LineResult, produceInput } from './produce-input.ts'
import { ProduceStream } from './produce-stream.ts'
import { Progress } from './progress.ts'
import { type InputFormat, RecordEncoder } from './record-encoder.ts'

export interface ProduceOptions {
  readonly format?: InputFormat
  readonly keyField?: string
  readonly key?: string
  readonly partition?: number
  readonly header?: Readonly<Record<string, string>>
  readonly acks: 'all' | 'leader'
  readonly onError: 'continue' | 'stop'
}

/** Failed lines that are named; a file of another kind would otherwise fill the screen. */
const FAILURES_SHOWN_MAX = 20

/** Runs `courant produce`. */
export async function runProduce(
  session: Session,
  topic: string,
  options: ProduceOptions,
): Promise<void> {
  const encoder = encoderOf(options)
  const query = new URLSearchParams({ acks: options.acks, onError: options.onError })
  const stream = new ProduceStream(session.connection(), topic, query)
  const interrupted = session.untilInterrupted()
  const { stdin, isTerminal } = session.terminal
  if (isTerminal.stdin) session.note('Each line that you type is a record. Ctrl-D ends.')
  const progress = new Progress(session.terminal)
  const teller = new Teller(session, progress)
  const outcome = await produceInput(stdin, stream, {
    encoder,
    onError: options.onError,
    interrupted,
    onResults: (results) => teller.tell(results),
  })
  progress.clear()
  await teller.conclude(topic, outcome)
}

function encoderOf({ format, keyField, key, partition, header }: ProduceOptions): RecordEncoder {
  const given = [key, keyField, partition, header].some((value) => value !== undefined)
  if (format === 'record' && given) {
    throw usageError('With --format record, keys, partitions and headers are in the lines.')
  }
  if (keyField !== undefined && key !== undefined) throw usageError('Give --key or --key-field.')
  if (keyField !== undefined && format === 'text') throw usageError('--key-field needs JSON lines.')
  return new RecordEncoder(
    format ?? (keyField === undefined ? 'text' : 'json'),
    keyField === undefined ? null : parseKeyPath(keyField),
    {
      ...(key === undefined ? {} : { key }),
      ...(partition === undefined ? {} : { partition }),
      ...(header === undefined ? {} : { headers: header }),
    },
  )
}

/** Tells results as they come, and the sum of them. */
class Teller {
  readonly #session: Session
  readonly #progress: Progress
  readonly #partitions = new Set<number>()
  #written = 0
  #failed = 0

  constructor(session: Session, progress: Progress) {
    this.#session = session
    this.#progress = progress
  }

  async tell(results: readonly LineResult[]): Promise<void> {
    for (const { line, partition, problem } of results) {
      if (problem === undefined) {
        this.#written += 1
        if (partition !== undefined) this.#partitions.add(partition)
      } else {
        this.#failed += 1
        if (!this.#session.json) this.#nameFailure(line, problem)
      }
    }
    this.#progress.show(this.#written, this.#failed)
    if (!this.#session.json) return
    await this.#session.write(results.map((result) => `${JSON.stringify(result)}\n`).join(''))
  }

  #nameFailure(line: number, { code, detail }: { code?: string; detail: string }): void {
    this.#progress.clear()
    if (this.#failed <= FAILURES_SHOWN_MAX) {
      this.#session.note(`line ${line}: ${detail}${code === undefined ? '' : ` (${code})`}`)
    } else if (this.#failed === FAILURES_SHOWN_MAX + 1) {
      this.#session.note('More lines failed; --json names each.')
    }
  }

  async conclude(topic: string, { sent, complete }: InputOutcome): Promise<void> {
    const written = this.#written
    const failed = this.#failed
    if (this.#session.json) await this.#session.object({ done: complete, records: written, failed })
    else {
      const partitions = formatAmount(this.#partitions.size, 'partition')
      await this.#session.line(
        `${formatAmount(written, 'record')} written to ${topic}, ${partitions}, in ` +
          `${formatElapsed(this.#progress.elapsedMs)}.`,
      )
    }
    if (!complete) throw unknownOutcome(sent)
    if (failed > 0) throw new Failure(`${formatAmount(failed, 'record')} failed.`)
  }
}

/** Without its last line the answer says nothing of what it does not hold. */
function unknownOutcome(sent: number): Failure {
  return new Failure(
    `The answer broke off. Of ${formatCount(sent)} records sent, the rest is unknown.`,
    {
      advice: 'They may have been written all the same: look before you send them again.',
      exitStatus: EXIT.failed,
    },
  )
}

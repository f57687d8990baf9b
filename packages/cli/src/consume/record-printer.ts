import type { Session } from '../session.ts'
import type { PrintableRecord, ReadRecord } from './record-line.ts'

/** Text that is gathered before it is written. */
const WRITE_CHARACTERS = 64 * 1024

/** Puts records on the standard output: values for people, whole records for programs. */
export class RecordPrinter {
  readonly #session: Session
  readonly #keys: 'shown' | 'hidden'
  readonly #recordsMax: number
  /** Writes of several partitions go one behind the other. */
  #writing: Promise<void> = Promise.resolve()
  printed = 0

  constructor(session: Session, keys: 'shown' | 'hidden', recordsMax: number) {
    this.#session = session
    this.#keys = keys
    this.#recordsMax = recordsMax
  }

  /** How many more are wanted. */
  get left(): number {
    return this.#recordsMax - this.printed
  }

  /** Whether there are as many as were wanted. */
  get isDone(): boolean {
    return this.left <= 0
  }

  /** Prints as many of the records as are still wanted; resolves when they are written. */
  print(records: readonly PrintableRecord[]): Promise<void> {
    const wanted = records.slice(0, this.left)
    this.printed += wanted.length
    this.#writing = this.#writing.then(() => this.#write(wanted))
    return this.#writing
  }

  async #write(records: readonly PrintableRecord[]): Promise<void> {
    let text = ''
    for (const record of records) {
      text += this.#session.json ? withPartition(record) : this.#line(record)
      if (text.length < WRITE_CHARACTERS) continue
      await this.#session.write(text)
      text = ''
    }
    if (text !== '') await this.#session.write(text)
  }

  #line({ text }: PrintableRecord): string {
    const record = JSON.parse(text) as ReadRecord
    const value = this.#shown(record.valueText, record.valueBase64) ?? this.#absent()
    if (this.#keys === 'hidden') return `${value}\n`
    const key = this.#shown(record.key ?? undefined, record.keyBase64) ?? this.#absent()
    return `${this.#session.colours.cyan(key)}\t${value}\n`
  }

  #shown(text: string | undefined, base64: string | undefined): string | null {
    if (base64 !== undefined) return `base64:${base64}`
    if (text === undefined) return null
    return this.#session.terminal.isTerminal.stdout ? harmless(text) : text
  }

  #absent(): string {
    return this.#session.colours.dim('null')
  }
}

/** The partition is put in by text: the rest of the record must stay as it is. */
function withPartition({ partition, text }: PrintableRecord): string {
  if (partition === undefined) return `${text}\n`
  return `{"partition":${partition},${text.slice(1)}\n`
}

/** Whoever may write a record must not thereby command the terminal of whoever reads it. */
export function harmless(text: string): string {
  return text.replaceAll(/[\p{Cc}]/gu, (control) =>
    control === '\n' || control === '\t'
      ? control
      : `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
}

import type { Readable } from 'node:stream'
import { limits } from '@courant/kernel'
import { LineNumbers } from './line-numbers.ts'
import { type InputLine, LineReader } from './line-reader.ts'
import type { ProduceStream, ResultLine } from './produce-stream.ts'
import type { RecordEncoder } from './record-encoder.ts'

/** What became of a line. */
export interface LineResult {
  /** 1-based. */
  readonly line: number
  readonly partition?: number
  readonly offset?: number | null
  readonly problem?: { readonly code?: string; readonly detail: string }
}

export interface InputOptions {
  readonly encoder: RecordEncoder
  readonly onError: 'continue' | 'stop'
  /** Aborts when no more is to be read; what was sent is still waited for. */
  readonly interrupted: AbortSignal
  /** Told every result, in the order of the lines but for those that were never sent. */
  readonly onResults: (results: readonly LineResult[]) => Promise<void>
}

/** How it ended: `complete` is false where some of what was sent has no known outcome. */
export interface InputOutcome {
  readonly written: number
  readonly failed: number
  readonly sent: number
  readonly complete: boolean
}

/** Sends the lines of an input as records and tells what became of each. Throws a Failure. */
export async function produceInput(
  input: Readable,
  stream: ProduceStream,
  options: InputOptions,
): Promise<InputOutcome> {
  const numbers = new LineNumbers()
  const tally = { written: 0, failed: 0 }
  const tell = async (results: readonly LineResult[]): Promise<void> => {
    for (const { problem } of results) tally[problem === undefined ? 'written' : 'failed'] += 1
    if (results.length > 0) await options.onResults(results)
  }
  const sending = send(input, stream, numbers, options, tell)
  // Awaited below; until then its failure must not count as unhandled.
  sending.catch(() => {})
  let complete = false
  try {
    for await (const lines of stream.results()) {
      const results = lines.filter(({ index }) => index !== undefined)
      complete ||= results.length < lines.length && lines.some(({ done }) => done === true)
      await tell(results.map((result) => lineResult(result, numbers)))
    }
  } finally {
    input.destroy()
  }
  await sending
  return { ...tally, sent: numbers.sentCount, complete }
}

/** Reads the input only as fast as the server takes it. */
async function send(
  input: Readable,
  stream: ProduceStream,
  numbers: LineNumbers,
  { encoder, onError, interrupted }: InputOptions,
  tell: (results: readonly LineResult[]) => Promise<void>,
): Promise<void> {
  const reader = new LineReader(limits.lineBytesMax)
  const stop = AbortSignal.any([interrupted, stream.over])
  let isStopped = false
  const pass = async (lines: readonly InputLine[]): Promise<void> => {
    let text = ''
    const wrong: LineResult[] = []
    for (const { number, bytes } of lines) {
      const encoded = bytes === null ? TOO_LONG : encoder.encode(bytes)
      if (encoded === null) continue
      if ('problem' in encoded) {
        wrong.push({ line: number, problem: { detail: encoded.problem } })
        isStopped ||= onError === 'stop'
        if (isStopped) break
        continue
      }
      numbers.sent(number)
      text += `${encoded.line}\n`
    }
    await tell(wrong)
    if (text !== '') await stream.write(text)
  }
  await stream.answering()
  for await (const chunk of readUntil(input, stop)) {
    await pass(reader.push(chunk))
    if (isStopped) break
  }
  const last = reader.end()
  if (last !== null && !stop.aborted && !isStopped) await pass([last])
  stream.end()
}

const TOO_LONG = { problem: `The line has more than ${limits.lineBytesMax} bytes.` }

/** The chunks of the input, until the signal: then the input is given up, even where it waits. */
async function* readUntil(input: Readable, stop: AbortSignal): AsyncGenerator<Buffer> {
  const giveUp = (): unknown => input.destroy()
  if (stop.aborted) giveUp()
  stop.addEventListener('abort', giveUp, { once: true })
  try {
    for await (const chunk of input) yield chunk as Buffer
  } catch (error) {
    if (!stop.aborted) throw error
  }
}

function lineResult({ index, ...result }: ResultLine, numbers: LineNumbers): LineResult {
  return { line: numbers.lineOf(index ?? 0), ...result }
}

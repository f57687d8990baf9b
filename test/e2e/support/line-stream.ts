/**
 * A produce of NDJSON lines while it runs: lines go out, results come in, until something breaks.
 */
import { type ClientRequest, request } from 'node:http'
import type { Credentials } from './standalone.ts'

export interface LineResult {
  readonly index: number
  readonly partition: number
  readonly offset: number
}

/** Sends line after line until the connection is gone; resolves with every result that arrived. */
export function streamLines(
  { url, apiKey }: Credentials,
  topic: string,
  options: {
    /** The line of an index, without its end. */
    readonly line: (index: number) => string
    /** Called with each acknowledgement. */
    readonly onResult: (result: LineResult) => void
  },
): Promise<void> {
  const outgoing = request(`${url}/v1/topics/${topic}/records`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/x-ndjson' },
  })
  const ended = new Promise<void>((resolve) => {
    outgoing.on('error', () => resolve())
    outgoing.on('close', () => resolve())
  })
  outgoing.on('response', (response) => {
    let rest = ''
    response.setEncoding('utf8')
    response.on('error', () => {})
    response.on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      // The last piece may be half a line: what is not whole was not acknowledged.
      rest = lines.pop() ?? ''
      for (const line of lines) tell(JSON.parse(line), options.onResult)
    })
  })
  send(outgoing, options.line)
  return ended
}

function tell(result: Partial<LineResult>, onResult: (result: LineResult) => void): void {
  const { index, partition, offset } = result
  if (index === undefined || partition === undefined || offset === undefined) return
  onResult({ index, partition, offset })
}

/** As fast as the server takes them. */
function send(outgoing: ClientRequest, line: (index: number) => string): void {
  let index = 0
  const more = (): void => {
    while (!outgoing.destroyed) {
      const taken = outgoing.write(`${line(index)}\n`)
      index += 1
      if (!taken) return
    }
  }
  outgoing.on('drain', more)
  more()
}

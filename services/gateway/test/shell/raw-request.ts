import { connect } from 'node:net'

export interface RawAnswer {
  /** 0: the connection was closed without an answer. */
  readonly status: number
  readonly text: string
  /** Of the body, or null if it is not JSON. */
  readonly json: Record<string, unknown> | null
}

/** Sends bytes as no client library would, and reads until the server closes. */
export function rawBytes(port: number, bytes: string | Buffer): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.on('error', () => {})
    socket.on('close', () => resolve(parse(Buffer.concat(chunks).toString())))
  })
}

/** One request without a body, on a connection of its own. */
export function rawRequest(port: number, lines: readonly string[]): Promise<RawAnswer> {
  const head = [...lines, 'Host: localhost', 'Connection: close']
  return rawBytes(port, `${head.join('\r\n')}\r\n\r\n`)
}

function parse(text: string): RawAnswer {
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0)
  const body = text.slice(text.indexOf('\r\n\r\n') + 4)
  try {
    return { status, text, json: JSON.parse(body) }
  } catch {
    return { status, text, json: null }
  }
}

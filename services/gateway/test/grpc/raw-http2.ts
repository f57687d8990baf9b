/** A client of HTTP/2 that heeds no limit: frames as RFC 9113 has them, written by hand. */
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Address } from '@courant/kernel'

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
const HEAD_BYTES = 9
const HEADERS = 1
const SETTINGS = 4
const GOAWAY = 7
const ACK = 1
const END_HEADERS = 4

/** Why a server has closed the connection: an error code of HTTP/2, and its own words. */
export interface GoAway {
  readonly code: number
  readonly text: string
}

/**
 * Opens so many streams at once, after the server's settings are known and acknowledged, each a
 * call whose request never comes. Resolves when the server has closed the connection.
 */
export async function openStreams({ host, port }: Address, count: number): Promise<GoAway | null> {
  const socket = connect(port, host)
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.write(Buffer.concat([PREFACE, frame(SETTINGS, 0, 0)]))
  let goAway: GoAway | null = null
  let isAsked = false
  let received: Buffer = Buffer.alloc(0)
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk])
    while (received.length >= HEAD_BYTES) {
      const end = HEAD_BYTES + received.readUIntBE(0, 3)
      if (received.length < end) return
      const type = received[3]
      const payload = received.subarray(HEAD_BYTES, end)
      received = received.subarray(end)
      if (type === GOAWAY)
        goAway = { code: payload.readUInt32BE(4), text: `${payload.subarray(8)}` }
      if (type !== SETTINGS || isAsked) continue
      isAsked = true
      socket.write(Buffer.concat([frame(SETTINGS, ACK, 0), ...headers(count)]))
    }
  })
  await once(socket, 'close')
  return goAway
}

function headers(count: number): Buffer[] {
  const block = Buffer.concat([
    literal(':method', 'POST'),
    literal(':scheme', 'http'),
    literal(':path', '/courant.v1.RecordService/Fetch'),
    literal(':authority', 'localhost'),
    literal('content-type', 'application/grpc'),
    literal('te', 'trailers'),
  ])
  return Array.from({ length: count }, (_, index) =>
    frame(HEADERS, END_HEADERS, 2 * index + 1, block),
  )
}

function frame(type: number, flags: number, stream: number, payload = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(HEAD_BYTES)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** A header that is in no table and enters none (RFC 7541, 6.2.2), of less than 127 bytes each. */
function literal(name: string, value: string): Buffer {
  return Buffer.concat([
    Buffer.from([0, name.length]),
    Buffer.from(name),
    Buffer.from([value.length]),
    Buffer.from(value),
  ])
}

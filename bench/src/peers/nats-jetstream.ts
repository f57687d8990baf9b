/**
 * Peer: NATS JetStream with file storage as it comes, that is without a sync before the answer. The
 * client is a raw one (`nats-load.ts`): the npm client is the bottleneck at a fifteenth of this.
 */
import { connect } from 'node:net'
import type { Bench } from '../harness/suite.ts'
import { freePort, listens } from '../system/free-port.ts'
import { missing } from './installed.ts'
import type * as NatsLoad from './nats-load.ts'

export const natsMissing = missing(['nats-server'], 'nats-server')

export interface NatsPeer {
  /** Messages a second, acknowledged by the stream. */
  produce(load: { recordBytes: number; inFlight: number; seconds: number }): Promise<number>
}

export async function startNats(bench: Bench): Promise<NatsPeer> {
  const port = await freePort()
  const directory = await bench.directory()
  const server = bench.child({
    core: 'server',
    command: ['nats-server', '-a', '127.0.0.1', '-p', String(port), '-js', '-sd', directory],
  })
  await server.ready(() => listens(port))
  await request(port, '$JS.API.STREAM.CREATE.bench', {
    name: 'bench',
    subjects: ['bench'],
    storage: 'file',
    retention: 'limits',
    discard: 'old',
    max_bytes: 1 << 30,
  })
  const load = bench.worker<typeof NatsLoad>('load', new URL('./nats-load.ts', import.meta.url))
  return { produce: (options) => load.run({ port, subject: 'bench', ...options }) }
}

/** One request of the JetStream API; fails unless the answer is free of an error. */
async function request(port: number, subject: string, body: unknown): Promise<void> {
  const payload = JSON.stringify(body)
  const socket = connect(port, '127.0.0.1')
  try {
    socket.write(
      `CONNECT {"verbose":false}\r\nSUB _INBOX.api 1\r\n` +
        `PUB ${subject} _INBOX.api ${Buffer.byteLength(payload)}\r\n${payload}\r\n`,
    )
    let answer = ''
    for await (const chunk of socket) {
      answer += String(chunk)
      if (/MSG _INBOX.api 1 \d+\r\n.*\r\n/.test(answer)) break
    }
    if (answer.includes('"error"')) throw new Error(`nats-server said: ${answer}`)
  } finally {
    socket.destroy()
  }
}

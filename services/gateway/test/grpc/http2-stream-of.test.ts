/**
 * Goal: what tells whether memory may be given back is found in the grpc-js that we have, and says
 * that a stream is destroyed while grpc-js still calls its last write done.
 */
import {
  Client,
  credentials,
  Server,
  ServerCredentials,
  type ServerWritableStream,
} from '@grpc/grpc-js'
import { afterEach, expect, it } from 'vitest'
import { http2StreamOf } from '../../src/grpc/calls/http2-stream-of.ts'

const LARGE = Buffer.alloc(8 * 1024 * 1024)
const raw = (bytes: Buffer): Buffer => bytes
const METHOD = {
  path: '/test/Stream',
  requestStream: false,
  responseStream: true,
  requestSerialize: raw,
  requestDeserialize: raw,
  responseSerialize: raw,
  responseDeserialize: raw,
} as const

const server = new Server()
afterEach(() => server.forceShutdown())

it('is destroyed when the last write of a cancelled call is called done', async () => {
  const written = Promise.withResolvers<boolean | undefined>()
  const begun = Promise.withResolvers<boolean | undefined>()
  server.addService(
    { stream: METHOD },
    {
      stream(call: ServerWritableStream<Buffer, Buffer>) {
        const stream = http2StreamOf(call)
        call.write(Buffer.alloc(1), () => begun.resolve(stream?.destroyed))
        // More than the client's window, so that it is on its way when the client goes.
        call.write(LARGE, () => written.resolve(stream?.destroyed))
      },
    },
  )
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    )
  })
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure())
  const call = client.makeServerStreamRequest(METHOD.path, raw, raw, Buffer.alloc(0))
  call.on('error', () => {})
  await new Promise((resolve) => call.once('data', resolve))
  expect(await begun.promise).toBe(false)
  call.cancel()
  expect(await written.promise).toBe(true)
  client.close()
})

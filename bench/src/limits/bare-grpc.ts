/**
 * Limit: grpc-js with nothing behind it. It streams the same bytes out of memory, as fast as they
 * are taken, and acknowledges each message of a stream with a few bytes.
 */
import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerWritableStream,
} from '@grpc/grpc-js'
import { rawMethod } from '../load/raw-method.ts'

/** Messages of a stream that may be on their way, as in the gateway. */
const UNDER_WAY = 2

const methods = {
  stream: rawMethod('/bare/Stream', { requestStream: false, responseStream: true }),
  acknowledge: rawMethod('/bare/Acknowledge', { requestStream: true, responseStream: true }),
}

/** Returns the port. What is asked for is a message's size, in 32 bits. */
export async function start(): Promise<number> {
  const server = new Server({ 'grpc.max_receive_message_length': -1 })
  server.addService(methods, {
    stream(call: ServerWritableStream<Buffer, Buffer>) {
      const message = Buffer.alloc(call.request.readUInt32BE(0), 'x')
      let isOpen = true
      call.once('cancelled', () => {
        isOpen = false
      })
      const send = (): void => {
        if (isOpen) call.write(message, send)
      }
      for (let count = 0; count < UNDER_WAY; count++) send()
    },
    acknowledge(call: ServerDuplexStream<Buffer, Buffer>) {
      const answer = Buffer.alloc(24)
      call.on('data', () => call.write(answer))
      call.on('end', () => call.end())
      call.on('error', () => {})
    },
  })
  return await new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port)
      else reject(error)
    })
  })
}

/** The public gRPC API below the generated clients: any method, with encoded messages. */
import { Client, credentials, Metadata } from '@grpc/grpc-js'
import { inject } from 'vitest'

export interface GrpcAnswer {
  readonly code: number
  readonly details: string
  readonly messages: readonly Buffer[]
}

interface Encodable<Message> {
  encode(message: Message): { finish(): Uint8Array }
  fromPartial(partial: object): Message
}

/** Makes the requests of one method for resources of any name. */
export function encoder<Message>(
  type: Encodable<Message>,
  fields: (name: string) => object,
): (name: string) => Uint8Array {
  return (name) => type.encode(type.fromPartial(fields(name))).finish()
}

/** Any method is called as a stream of one request: that is what every call is on the wire. */
export function call(key: string | null, path: string, request: Uint8Array): Promise<GrpcAnswer> {
  const client = new Client(inject('standalone').grpc, credentials.createInsecure())
  const metadata = new Metadata()
  if (key !== null) metadata.set('authorization', `Bearer ${key}`)
  const same = (bytes: Buffer): Buffer => bytes
  const stream = client.makeBidiStreamRequest(path, same, same, metadata)
  const messages: Buffer[] = []
  stream.on('data', (message: Buffer) => messages.push(message))
  stream.on('error', () => {})
  return new Promise((resolve) => {
    stream.on('status', ({ code, details }) => {
      client.close()
      resolve({ code, details, messages })
    })
    stream.write(Buffer.from(request))
    stream.end()
  })
}

import { Duplex } from 'node:stream'

/**
 * The HTTP/2 stream beneath a call, from the insides of grpc-js, which does not tell; null where
 * those are others than of version 1.14, and then nothing may be concluded.
 */
export function http2StreamOf(call: object): Duplex | null {
  let inside: unknown = Reflect.get(call, 'call')
  while (typeof inside === 'object' && inside !== null) {
    const stream: unknown = Reflect.get(inside, 'stream')
    if (stream instanceof Duplex) return stream
    inside = Reflect.get(inside, 'nextCall')
  }
  return null
}

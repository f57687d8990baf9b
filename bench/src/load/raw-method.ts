import type { MethodDefinition } from '@grpc/grpc-js'

/** A method whose messages stay bytes. */
export function rawMethod(
  path: string,
  streams: { readonly requestStream: boolean; readonly responseStream: boolean },
): MethodDefinition<Buffer, Buffer> {
  const same = (bytes: Buffer): Buffer => bytes
  return {
    path,
    ...streams,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  }
}

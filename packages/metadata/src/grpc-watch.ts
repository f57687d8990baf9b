import {
  MetadataServiceClient,
  type WatchMetadataRequest,
  type WatchMetadataResponse,
} from '@courant/api/internal/v1/metadata'
import type { Address } from '@courant/kernel'
import { credentials } from '@grpc/grpc-js'

/**
 * Opens the watch of one control plane: what it answers until the stream breaks, which throws, or
 * `signal` aborts. Production has it over gRPC, the simulation over a network of its own.
 */
export type OpenWatch = (
  address: Address,
  request: WatchMetadataRequest,
  signal: AbortSignal,
) => AsyncIterable<WatchMetadataResponse>

const CHANNEL_OPTIONS = {
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5_000,
  // The largest set of changes: a topic with the most partitions that there can be, many times
  // over.
  'grpc.max_receive_message_length': 64 * 1024 * 1024,
}

export const openGrpcWatch: OpenWatch = async function* openGrpcWatch(address, request, signal) {
  const host = address.host.includes(':') ? `[${address.host}]` : address.host
  const target = `${host}:${address.port}`
  const client = new MetadataServiceClient(target, credentials.createInsecure(), CHANNEL_OPTIONS)
  const stream = client.watchMetadata(request)
  const cancel = (): void => stream.cancel()
  signal.addEventListener('abort', cancel, { once: true })
  if (signal.aborted) cancel()
  try {
    yield* stream
  } finally {
    signal.removeEventListener('abort', cancel)
    stream.cancel()
    client.close()
  }
}

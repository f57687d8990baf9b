/**
 * Goal: both sides of a call behave as promised: errors, deadlines, cancellation, backpressure.
 * Method: a real gRPC server on a loopback socket, with methods of the internal API.
 */
import { BusError, systemClock, wait } from '@courant/kernel'
import { credentials, Server, ServerCredentials } from '@grpc/grpc-js'
import { afterEach, describe, expect, it } from 'vitest'
import {
  type LookupTopicRequest,
  type LookupTopicResponse,
  MetadataServiceClient,
  MetadataServiceService,
  type WatchMetadataRequest,
  type WatchMetadataResponse,
} from '../src/gen/courant/internal/v1/metadata.ts'
import { type CallContext, callUnary, errorOf, streamHandler, unaryHandler } from '../src/index.ts'

type Lookup = (request: LookupTopicRequest, context: CallContext) => Promise<LookupTopicResponse>
type Watch = (
  request: WatchMetadataRequest,
  context: CallContext,
) => AsyncIterable<WatchMetadataResponse>

const cleanup: (() => void)[] = []
afterEach(() => {
  for (const undo of cleanup.splice(0)) undo()
})

const told: string[] = []

async function serve(parts: { lookup?: Lookup; watch?: Watch }): Promise<MetadataServiceClient> {
  told.length = 0
  const server = new Server()
  const absent = (): never => {
    throw new BusError('NOT_IMPLEMENTED', 'not in this test')
  }
  const onError = (error: BusError): unknown => told.push(error.code)
  const lookup = unaryHandler(parts.lookup ?? absent, onError)
  server.addService(MetadataServiceService, {
    lookupTopic: lookup,
    lookupApiKey: unaryHandler(absent, onError),
    watchMetadata: streamHandler(parts.watch ?? absent, onError),
  })
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    )
  })
  const client = new MetadataServiceClient(`127.0.0.1:${port}`, credentials.createInsecure())
  cleanup.push(
    () => client.close(),
    () => server.forceShutdown(),
  )
  return client
}

const request: LookupTopicRequest = { tenantId: 't', name: 'orders' }
const watchRequest: WatchMetadataRequest = {
  audience: 1,
  sinceVersion: 0,
  clusterId: '',
  clusterIncarnation: 0,
}

describe('a unary call', () => {
  it('returns what the handler returned, and hands on the request id', async () => {
    const seen: string[] = []
    const client = await serve({
      lookup: async ({ name }, { requestId }) => {
        seen.push(name, requestId)
        return { found: true, metadataVersion: 2 ** 50 }
      },
    })
    const options = { timeoutMs: 5_000, clock: systemClock, requestId: 'r-1' }
    const response = await callUnary(client.lookupTopic.bind(client), request, options)
    expect(response).toEqual({ found: true, metadataVersion: 2 ** 50 })
    expect(seen).toEqual(['orders', 'r-1'])
  })

  it('rejects with the error that the handler threw', async () => {
    const client = await serve({
      lookup: async () => {
        throw new BusError('TOPIC_NOT_FOUND', 'There is no topic "orders".')
      },
    })
    const options = { timeoutMs: 5_000, clock: systemClock }
    const call = callUnary(client.lookupTopic.bind(client), request, options)
    await expect(call).rejects.toMatchObject({
      code: 'TOPIC_NOT_FOUND',
      detail: 'There is no topic "orders".',
    })
    expect(told).toEqual(['TOPIC_NOT_FOUND'])
  })

  it('hides a bug of the handler as INTERNAL', async () => {
    const client = await serve({ lookup: () => Promise.reject(new TypeError('password is 1234')) })
    const options = { timeoutMs: 5_000, clock: systemClock }
    const failed = await callUnary(client.lookupTopic.bind(client), request, options).catch(
      (error: BusError) => error,
    )
    expect(failed).toMatchObject({ code: 'INTERNAL' })
    expect(String(failed)).not.toContain('1234')
  })

  it('ends at its deadline with an unknown outcome, and the handler is told', async () => {
    const aborted = Promise.withResolvers<void>()
    const client = await serve({
      lookup: (_request, { signal }) =>
        new Promise(() => signal.addEventListener('abort', () => aborted.resolve())),
    })
    const options = { timeoutMs: 50, clock: systemClock }
    const call = callUnary(client.lookupTopic.bind(client), request, options)
    await expect(call).rejects.toMatchObject({ code: 'TIMED_OUT' })
    await aborted.promise
  })

  it('ends at once when its signal aborts', async () => {
    const entered = Promise.withResolvers<void>()
    const client = await serve({
      lookup: () => {
        entered.resolve()
        return new Promise(() => {})
      },
    })
    const controller = new AbortController()
    const options = { timeoutMs: 60_000, clock: systemClock, signal: controller.signal }
    const call = callUnary(client.lookupTopic.bind(client), request, options)
    await entered.promise
    controller.abort()
    await expect(call).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
  })

  it('to nobody says that nothing was applied', async () => {
    const client = new MetadataServiceClient('127.0.0.1:1', credentials.createInsecure())
    cleanup.push(() => client.close())
    const options = { timeoutMs: 5_000, clock: systemClock }
    const call = callUnary(client.lookupTopic.bind(client), request, options)
    await expect(call).rejects.toMatchObject({ code: 'CONTROL_PLANE_UNAVAILABLE' })
  })
})

describe('a server stream', () => {
  const filler = 'x'.repeat(16_384)
  const message: WatchMetadataResponse = {
    clusterId: filler,
    clusterIncarnation: 1,
    event: undefined,
  }

  it('arrives whole and ends', async () => {
    const client = await serve({
      watch: async function* () {
        for (let count = 0; count < 100; count++) yield message
      },
    })
    let received = 0
    for await (const _ of client.watchMetadata(watchRequest)) received += 1
    expect(received).toBe(100)
  })

  it('is held back by a reader that stops reading, and ends when the reader goes', async () => {
    let produced = 0
    const ended = Promise.withResolvers<void>()
    const client = await serve({
      watch: async function* () {
        try {
          for (;;) {
            produced += 1
            yield message
          }
        } finally {
          ended.resolve()
        }
      },
    })
    const stream = client.watchMetadata(watchRequest)
    stream.on('error', () => {}).on('data', () => stream.pause())
    let before = -1
    // Reading no further: production comes to a stop by itself, far below "everything".
    while (before !== produced) {
      before = produced
      await wait(systemClock, 100)
    }
    expect(produced).toBeGreaterThan(0)
    expect(produced).toBeLessThan(1_000)
    stream.cancel()
    await ended.promise
  })

  it('ends with the error that its source threw', async () => {
    const client = await serve({
      // biome-ignore lint/correctness/useYield: a source that fails before its first value.
      watch: async function* () {
        throw new BusError('SHUTTING_DOWN', 'Try another address.')
      },
    })
    const stream = client.watchMetadata(watchRequest)
    const failed = await new Promise((resolve) => stream.on('error', resolve).resume())
    expect(errorOf(failed)).toMatchObject({ code: 'SHUTTING_DOWN', detail: 'Try another address.' })
  })
})

/**
 * Goal: clients that do not read, or open more streams than they may, hold the share of their
 * tenant and no more, hear why they are refused, and hold up nobody else.
 * Method: the gateway as it runs and real sockets: grpc-js, and frames of HTTP/2 written by hand.
 */
import { RecordFormat } from '@courant/api/v1/record'
import { type BusError, limits } from '@courant/kernel'
import { RecordBatchBuilder, recordSource } from '@courant/record-batch'
import { status } from '@grpc/grpc-js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { apiKey, strangerKey, tenants, topicEntries, topicId } from '../metadata-entries.ts'
import { until } from '../records/until.ts'
import { type StartedGateway, startGatewayForTest } from '../shell/started-gateway.ts'
import { GrpcCaller, statusOfCall } from './grpc-caller.ts'
import { openStreams } from './raw-http2.ts'

const OTHERS_TOPIC = '7b0c4c3e-9a44-4d0e-8a2f-3c1f6f5f2f11'
const CLIENTS = 60
const FORMATS = [RecordFormat.RECORD_FORMAT_RECORDS, RecordFormat.RECORD_FORMAT_BATCHES]
const STORED_BYTES = 12 * 1024 * 1024
const STREAMS_PER_CONNECTION_MAX = 100
const OWN_CONNECTION = {
  'grpc.use_local_subchannel_pool': 1,
  'grpc.max_receive_message_length': -1,
}

let started: StartedGateway
let stranger: GrpcCaller

beforeAll(async () => {
  started = await startGatewayForTest()
  stranger = new GrpcCaller(started.gateway.grpcAddress, strangerKey, OWN_CONNECTION)
  giveTopicToOthers()
  const value = 'x'.repeat(1024 * 1024 - 200)
  for (let bytes = 0; bytes < STORED_BYTES; bytes += value.length) append(topicId, value)
  append(OTHERS_TOPIC, 'of others')
})
afterAll(async () => {
  stranger.close()
  await started.stop()
})

function append(topic: string, value: string): void {
  const builder = new RecordBatchBuilder(0)
  builder.append(recordSource({ timestamp: 1, value }))
  started.broker.append(topic, 0, builder.seal())
}

/** A topic of the second tenant, on the same broker and so behind the same connection. */
function giveTopicToOthers(): void {
  const named = { topicId: OTHERS_TOPIC, tenantId: tenants[1].tenantId, name: 'theirs' }
  started.control.change(topicEntries(1, {}, named))
}

const fromStart = { position: { $case: 'offset' as const, value: 0 } }
const reading = { partition: 0, start: fromStart, isolation: 0, format: 0 } as const

/** What the other tenant has to say, which it reads as if nobody else were there. */
async function othersRead(): Promise<string> {
  const method = stranger.records.fetch.bind(stranger.records)
  const { records } = await stranger.call(method, { ...reading, topic: 'theirs' })
  return String(records[0]?.value)
}

/** Bytes of reads that the gateway counts. */
async function heldBytes(): Promise<number> {
  const text = await started.ports.metrics.text()
  return Number(/^courant_gateway_read_bytes (\d+)/m.exec(text)?.[1])
}

it('clients that do not read hold the share of one tenant, and hear when it is used up', async () => {
  const { grpcAddress } = started.gateway
  const callers = Array.from(
    { length: CLIENTS },
    () => new GrpcCaller(grpcAddress, apiKey, OWN_CONNECTION),
  )
  // Nobody listens for data, so that grpc-js stops to read.
  const streams = callers.map(({ records, metadata }, index) => {
    const format = FORMATS[index % FORMATS.length] as RecordFormat
    const maxBytes = limits.fetchBytesMax
    return records.fetchStream({ ...reading, topic: 'orders', format, maxBytes }, metadata)
  })
  const ends = streams.map(statusOfCall)
  let hasEnded = false
  const first = Promise.race(ends).finally(() => {
    hasEnded = true
  })
  let heldMax = 0
  // Others are served until the patience of the first one that finds no room is over.
  await until(async () => {
    expect(await othersRead()).toBe('of others')
    heldMax = Math.max(heldMax, await heldBytes())
    return hasEnded
  })
  const { code, error } = await first
  expect([code, error?.code]).toEqual([status.RESOURCE_EXHAUSTED, 'THROTTLED'])
  expect(error?.retryAfterMs).toBeGreaterThan(0)
  expect(heldMax).toBeGreaterThan(limits.readTenantBytesMax / 2)
  // Whoever has found room may have an answer under way beside what it holds.
  expect(heldMax).toBeLessThanOrEqual(2 * limits.readTenantBytesMax)
  for (const stream of streams) stream.cancel()
  await Promise.all(ends)
  await until(async () => (await heldBytes()) === 0)
  for (const caller of callers) caller.close()
})

describe('more streams than a connection may have', () => {
  it('wait in a client that heeds the limit', async () => {
    const caller = new GrpcCaller(started.gateway.grpcAddress, apiKey, OWN_CONNECTION)
    const idle = { ...reading, topic: 'orders', partition: 1 }
    const open = Array.from({ length: STREAMS_PER_CONNECTION_MAX }, () =>
      caller.records.fetchStream(idle, caller.metadata).resume(),
    )
    const ends = open.map(statusOfCall)
    const method = caller.records.listOffsets.bind(caller.records)
    const ask = () => caller.call(method, { topic: 'orders', query: undefined })
    let isOver = false
    const late = ask().then(
      () => 'answered',
      (error: BusError) => error.code,
    )
    void late.then(() => {
      isOver = true
    })
    for (let count = 0; count < 20; count += 1) expect(await othersRead()).toBe('of others')
    expect(isOver).toBe(false)
    open[0]?.cancel()
    // Node may count the stream that has ended when the next one comes, and refuses that.
    expect(['answered', 'CONNECTION_LOST']).toContain(await late)
    expect((await ask()).offsets).not.toHaveLength(0)
    for (const stream of open) stream.cancel()
    await Promise.all(ends)
    caller.close()
  })

  it('cost the connection of one that does not, which hears why', async () => {
    const count = 3 * STREAMS_PER_CONNECTION_MAX
    const goAway = await openStreams(started.gateway.grpcAddress, count)
    const PROTOCOL_ERROR = 1
    expect(goAway?.code).toBe(PROTOCOL_ERROR)
    expect(goAway?.text).toContain('max concurrent streams exceeded')
    expect(await othersRead()).toBe('of others')
  })
})

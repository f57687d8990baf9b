/**
 * Goal: callers that ask for much and do not read their sockets hold the share of their tenant and
 * no more; other tenants read as if they were not there; and what is held comes back with the
 * connection.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { limits } from '@courant/kernel'
import { RecordBatchBuilder, recordSource } from '@courant/record-batch'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { tenants, topicEntries } from '../metadata-entries.ts'
import {
  apiKey,
  type RecordsGateway,
  startRecordsGateway,
  strangerKey,
  topicId,
} from './records-gateway.ts'
import { until } from './until.ts'

const OTHERS_TOPIC = '7b0c4c3e-9a44-4d0e-8a2f-3c1f6f5f2f11'
const CALLERS = 60
/** Larger than what the system keeps of an answer for a socket that is not read. */
const STORED_BYTES = 12 * 1024 * 1024
/** What a share holds, and what the system takes off us for every socket. */
const FETCHED_BYTES_MAX = limits.readTenantBytesMax + CALLERS * 6 * 1024 * 1024
const PATH = '/v1/topics/orders/partitions/0/records'

let gateway: RecordsGateway
let sockets: Socket[]

beforeEach(async () => {
  gateway = await startRecordsGateway(1)
  sockets = []
  giveTopicToOthers()
  const value = 'x'.repeat(1024 * 1024 - 200)
  for (let bytes = 0; bytes < STORED_BYTES; bytes += value.length) append(topicId, value)
  append(OTHERS_TOPIC, '"of others"')
})
afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  await gateway.stop()
})

function append(topic: string, value: string): void {
  const builder = new RecordBatchBuilder(0)
  builder.append(recordSource({ timestamp: 1, value }))
  gateway.broker.append(topic, 0, builder.seal())
}

/** A topic of the second tenant, on the same broker and so behind the same connection. */
function giveTopicToOthers(): void {
  const named = { topicId: OTHERS_TOPIC, tenantId: tenants[1].tenantId, name: 'orders' }
  const entries = topicEntries(1, {}, named)
  const values = entries.map(([, value]) => value)
  gateway.apply(
    values,
    entries.map(([key]) => key),
  )
}

/** Sends requests on a connection of its own and never reads an answer. */
async function ask(accept: string, requests: number, query: string): Promise<void> {
  const socket = connect(gateway.port, '127.0.0.1')
  sockets.push(socket.pause())
  socket.on('error', () => {})
  await once(socket, 'connect')
  const head = [
    `GET ${PATH}${query} HTTP/1.1`,
    'Host: localhost',
    `Authorization: Bearer ${apiKey}`,
    `Accept: ${accept}`,
  ]
  socket.write(`${head.join('\r\n')}\r\n\r\n`.repeat(requests))
}

const ALL_AT_ONCE = `?maxBytes=${limits.fetchBytesMax}`

it.each([
  ['pages', 'application/json', 1, ALL_AT_ONCE],
  ['lines', 'application/x-ndjson', 1, ALL_AT_ONCE],
  ['events', 'text/event-stream', 1, ALL_AT_ONCE],
  ['pages, one request behind the other', 'application/json', 5, ALL_AT_ONCE],
  ['pages, said to be tiny', 'application/json', 5, '?maxBytes=1'],
])('holds the share of one tenant for unread %s', async (_, accept, requests, query) => {
  const { reads } = gateway.dataPath
  let heldMax = 0
  for (let index = 0; index < CALLERS; index += 1) await ask(accept, requests, query)
  await until(() => {
    heldMax = Math.max(heldMax, reads.bytes)
    return reads.waitingCount > 0
  })
  for (let read = 0; read < 20; read += 1) {
    const answer = await gateway.request(PATH, { key: strangerKey })
    expect(await answer.json()).toMatchObject({ records: [{ value: 'of others' }] })
    heldMax = Math.max(heldMax, reads.bytes)
  }
  expect(heldMax).toBeGreaterThan(0)
  expect(heldMax).toBeLessThanOrEqual(limits.readTenantBytesMax + 2 * limits.fetchBytesDefault)
  expect(gateway.broker.fetchedBytes).toBeLessThanOrEqual(FETCHED_BYTES_MAX)
  for (const socket of sockets) socket.destroy()
  await until(() => reads.bytes === 0 && reads.waitingCount === 0)
})

/**
 * Goal: the listener tells tools what it serves, and a stop keeps nobody waiting and cuts nobody.
 */
import { join } from 'node:path'
import {
  credentials,
  type GrpcObject,
  loadPackageDefinition,
  type ServiceClientConstructor,
  status,
} from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { apiKey } from '../metadata-entries.ts'
import { until } from '../records/until.ts'
import { type StartedGateway, startGatewayForTest } from '../shell/started-gateway.ts'
import { GrpcCaller, statusOfCall } from './grpc-caller.ts'

let started: StartedGateway
let caller: GrpcCaller

beforeEach(async () => {
  started = await startGatewayForTest()
  caller = new GrpcCaller(started.gateway.grpcAddress, apiKey)
})
afterEach(async () => {
  caller.close()
  await started.stop()
})

it('tells by reflection which services there are, without a credential', async () => {
  const file = join('grpc', 'reflection', 'v1', 'reflection.proto')
  const root = join(import.meta.dirname, '../../../../node_modules/@grpc/reflection/build/proto')
  const loaded = loadPackageDefinition(loadSync(file, { includeDirs: [root] }))
  const inside = (of: GrpcObject, name: string) => of[name] as GrpcObject
  const reflection = inside(inside(inside(loaded, 'grpc'), 'reflection'), 'v1')
  const Client = reflection['ServerReflection'] as ServiceClientConstructor
  const { host, port } = started.gateway.grpcAddress
  const client = new Client(`${host}:${port}`, credentials.createInsecure())
  const stream = client['ServerReflectionInfo']?.()
  const answer = new Promise<{ listServicesResponse: { service: { name: string }[] } }>((resolve) =>
    stream.once('data', resolve),
  )
  stream.write({ listServices: '*' })
  const names = (await answer).listServicesResponse.service.map(({ name }) => name)
  expect(names).toContain('courant.v1.RecordService')
  expect(names).toContain('courant.v1.TopicService')
  stream.end()
  client.close()
})

describe('a listener that stops', () => {
  const reading = {
    topic: 'orders',
    partition: 0,
    start: undefined,
    isolation: 0,
    format: 0,
  } as const

  it('answers long polls early, with where to go on', async () => {
    const method = caller.records.fetch.bind(caller.records)
    const polling = caller.call(method, { ...reading, waitMs: 60_000 })
    await until(() => started.broker.waitingPeak > 0)
    await started.gateway.stop()
    expect(await polling).toMatchObject({ records: [], nextOffset: 0 })
  })

  it('ends streams with a status that leads elsewhere', async () => {
    const following = statusOfCall(caller.records.fetchStream(reading, caller.metadata).resume())
    await until(() => started.broker.waitingPeak > 0)
    const producing = caller.records.produceStream(caller.metadata)
    const ended = statusOfCall(producing)
    const answered = new Promise((resolve) => producing.once('data', resolve))
    const value = Buffer.from('x')
    producing.write({
      correlationId: 1,
      topic: 'orders',
      records: [{ value, headers: [], partition: 1 }],
      acks: 0,
    })
    await answered
    await started.gateway.stop()
    for (const end of [await following, await ended]) {
      expect(end.code).toBe(status.UNAVAILABLE)
      expect(end.error).toMatchObject({ code: 'SHUTTING_DOWN', facts: { applied: 'no' } })
    }
  })
})

/**
 * Our bytes against those of two foreign clients. Goal: no mistake that our encoder and our decoder
 * share. Requests: byte for byte what the client writes. Responses: what the client reads.
 */
import { createRequire } from 'node:module'
import * as platformatic from '@platformatic/kafka'
import { describe, expect, it } from 'vitest'
import {
  apiVersionsApi,
  deleteRecordsApi,
  fetchApi,
  initProducerIdApi,
  listOffsetsApi,
  offsetForLeaderEpochApi,
  produceApi,
} from '../src/index.ts'
import { WireReader } from '../src/wire-reader.ts'
import { written } from './codecs.ts'

const TOPIC = '6f1b6d0e-0f7e-4a52-8f6e-6f2c7f8a9b01'
const OFFSET = 2 ** 40 + 7

describe('@platformatic/kafka', () => {
  it.each(versions(3, 9))('Produce v%i: reads its request', (version) => {
    const message = { topic: TOPIC, partition: 3, key: Buffer.from('k'), value: Buffer.from('v') }
    const options = { compression: 'none', transactionalId: 'tx' }
    const bytes = theirRequest(`produceV${version}`, -1, 5_000, [message], options)
    const request = produceApi.decodeRequest(new WireReader(bytes), version)
    const { transactionalId, acks, timeoutMs, topics } = request
    expect([transactionalId, acks, timeoutMs]).toEqual(['tx', -1, 5_000])
    expect(topics.map(({ name }) => name)).toEqual([TOPIC])
    expect(topics[0]?.partitions[0]?.index).toBe(3)
    expect(written((writer) => produceApi.encodeRequest(writer, version, request))).toEqual(bytes)
  })

  it.each(versions(3, 9))('Produce v%i: our response is read', (version) => {
    const partition = { index: 3, errorCode: 0, baseOffset: OFFSET, logAppendTimeMs: 99 }
    const optional = { logStartOffset: 5, errorMessage: null, recordErrors: [] }
    const response = {
      topics: [{ name: TOPIC, partitions: [{ ...partition, ...optional }] }],
      throttleTimeMs: 17,
    }
    const bytes = written((writer) => produceApi.encodeResponse(writer, version, response))
    expect(theirResponse(`produceV${version}`, 0, version, bytes)).toMatchObject({
      responses: [
        {
          name: TOPIC,
          partitionResponses: [
            { index: 3, errorCode: 0, baseOffset: BigInt(OFFSET), logAppendTimeMs: 99n },
          ],
        },
      ],
      throttleTimeMs: 17,
    })
  })

  it.each(versions(4, 12))('Fetch v%i: writes the request that we write', (version) => {
    const theirs = [
      {
        topicId: TOPIC,
        partitions: [
          {
            partition: 3,
            currentLeaderEpoch: 8,
            fetchOffset: BigInt(OFFSET),
            lastFetchedEpoch: 7,
            partitionMaxBytes: 1_000,
          },
        ],
      },
    ]
    const bytes = theirRequest(`fetchV${version}`, 500, 1, 2_000, 1, 0, -1, theirs, [], 'r1')
    const ours = {
      replicaId: -1,
      maxWaitMs: 500,
      minBytes: 1,
      maxBytes: 2_000,
      isolationLevel: 1,
      topics: [
        {
          topic: TOPIC,
          partitions: [
            {
              partition: 3,
              currentLeaderEpoch: 8,
              fetchOffset: OFFSET,
              lastFetchedEpoch: 7,
              partitionMaxBytes: 1_000,
            },
          ],
        },
      ],
      rackId: 'r1',
    }
    expect(written((writer) => fetchApi.encodeRequest(writer, version, ours))).toEqual(bytes)
  })

  it.each(versions(4, 12))('Fetch v%i: our response is read', (version) => {
    const bytes = written((writer) => fetchApi.encodeResponse(writer, version, fetchResponse))
    expect(theirResponse(`fetchV${version}`, 1, version, bytes)).toMatchObject({
      throttleTimeMs: 17,
      responses: [
        {
          topicId: TOPIC,
          partitions: [
            {
              partitionIndex: 3,
              errorCode: 0,
              highWatermark: BigInt(OFFSET),
              lastStableOffset: BigInt(OFFSET),
              abortedTransactions: [{ producerId: 4n, firstOffset: 2n }],
              records: null,
              ...(version >= 12 ? { currentLeader: { leaderId: 6, leaderEpoch: 8 } } : {}),
            },
          ],
        },
      ],
    })
  })

  it.each(versions(1, 7))('ListOffsets v%i: both directions', (version) => {
    const asked = { partitionIndex: 3, currentLeaderEpoch: 8, timestamp: -1 }
    const theirs = [{ name: TOPIC, partitions: [{ ...asked, timestamp: -1n }] }]
    const ours = {
      replicaId: -1,
      isolationLevel: 1,
      topics: [{ name: TOPIC, partitions: [asked] }],
    }
    expect(written((writer) => listOffsetsApi.encodeRequest(writer, version, ours))).toEqual(
      theirRequest(`listOffsetsV${version}`, -1, 1, theirs),
    )
    const answered = { partitionIndex: 3, errorCode: 0, timestamp: 12, offset: OFFSET }
    const bytes = written((writer) =>
      listOffsetsApi.encodeResponse(writer, version, {
        topics: [{ name: TOPIC, partitions: [answered] }],
      }),
    )
    expect(theirResponse(`listOffsetsV${version}`, 2, version, bytes)).toMatchObject({
      topics: [{ name: TOPIC, partitions: [{ timestamp: 12n, offset: BigInt(OFFSET) }] }],
    })
  })

  it.each(versions(2, 4))('OffsetForLeaderEpoch v%i: both directions', (version) => {
    const asked = { currentLeaderEpoch: 8, leaderEpoch: 7 }
    const ours = {
      replicaId: -1,
      topics: [{ topic: TOPIC, partitions: [{ partition: 3, ...asked }] }],
    }
    const theirs = [{ name: TOPIC, partitions: [{ partitionIndex: 3, ...asked }] }]
    expect(
      written((writer) => offsetForLeaderEpochApi.encodeRequest(writer, version, ours)),
    ).toEqual(theirRequest(`offsetForLeaderEpochV${version}`, -1, theirs))
    const answered = { errorCode: 0, partition: 3, leaderEpoch: 6, endOffset: OFFSET }
    const bytes = written((writer) =>
      offsetForLeaderEpochApi.encodeResponse(writer, version, {
        throttleTimeMs: 17,
        topics: [{ topic: TOPIC, partitions: [answered] }],
      }),
    )
    expect(theirResponse(`offsetForLeaderEpochV${version}`, 23, version, bytes)).toMatchObject({
      topics: [{ partitions: [{ leaderEpoch: 6, endOffset: BigInt(OFFSET) }] }],
    })
  })

  it.each(versions(0, 2))('DeleteRecords v%i: both directions', (version) => {
    const partitions = [{ partitionIndex: 3, offset: OFFSET }]
    const theirs = [{ name: TOPIC, partitions: [{ partitionIndex: 3, offset: BigInt(OFFSET) }] }]
    expect(
      written((writer) =>
        deleteRecordsApi.encodeRequest(writer, version, {
          topics: [{ name: TOPIC, partitions }],
          timeoutMs: 9,
        }),
      ),
    ).toEqual(theirRequest(`deleteRecordsV${version}`, theirs, 9))
    const bytes = written((writer) =>
      deleteRecordsApi.encodeResponse(writer, version, {
        throttleTimeMs: 17,
        topics: [
          {
            name: TOPIC,
            partitions: [{ partitionIndex: 3, lowWatermark: OFFSET, errorCode: 0 }],
          },
        ],
      }),
    )
    expect(theirResponse(`deleteRecordsV${version}`, 21, version, bytes)).toMatchObject({
      topics: [{ partitions: [{ lowWatermark: BigInt(OFFSET), errorCode: 0 }] }],
    })
  })

  it.each(versions(0, 4))('InitProducerId v%i: both directions', (version) => {
    const ours = { transactionalId: 'tx', transactionTimeoutMs: 60_000 }
    const old = version >= 3 ? { producerId: OFFSET, producerEpoch: 5 } : {}
    expect(
      written((writer) => initProducerIdApi.encodeRequest(writer, version, { ...ours, ...old })),
    ).toEqual(theirRequest(`initProducerIdV${version}`, 'tx', 60_000, BigInt(OFFSET), 5))
    const response = { throttleTimeMs: 17, errorCode: 0, producerId: OFFSET, producerEpoch: 3 }
    const bytes = written((writer) => initProducerIdApi.encodeResponse(writer, version, response))
    expect(theirResponse(`initProducerIdV${version}`, 22, version, bytes)).toEqual({
      ...response,
      producerId: BigInt(OFFSET),
    })
  })

  it.each(versions(0, 3))('ApiVersions v%i: both directions', (version) => {
    const ours = { clientSoftwareName: 'a', clientSoftwareVersion: 'b' }
    expect(written((writer) => apiVersionsApi.encodeRequest(writer, version, ours))).toEqual(
      theirRequest(`apiVersionsV${version}`, 'a', 'b'),
    )
    const bytes = written((writer) =>
      apiVersionsApi.encodeResponse(writer, version, {
        errorCode: 0,
        apiKeys: [{ apiKey: 1, minVersion: 4, maxVersion: 12 }],
        answersMayOvertake: true,
      }),
    )
    expect(theirResponse(`apiVersionsV${version}`, 18, version, bytes)).toMatchObject({
      errorCode: 0,
      apiKeys: [{ apiKey: 1, minVersion: 4, maxVersion: 12 }],
    })
  })
})

describe('kafkajs', () => {
  const require = createRequire(import.meta.url)

  it.each(versions(3, 7))('Produce v%i: our response is read', async (version) => {
    const response = {
      topics: [
        {
          name: TOPIC,
          partitions: [{ index: 3, errorCode: 0, baseOffset: OFFSET, logAppendTimeMs: -1 }],
        },
      ],
      throttleTimeMs: 17,
    }
    const bytes = written((writer) => produceApi.encodeResponse(writer, version, response))
    expect(await kafkajsDecode('produce', version, bytes)).toMatchObject({
      topics: [{ topicName: TOPIC, partitions: [{ partition: 3, baseOffset: `${OFFSET}` }] }],
    })
  })

  it.each(versions(4, 11))('Fetch v%i: both directions', async (version) => {
    const partitions = [{ partition: 3, fetchOffset: OFFSET, maxBytes: 1_000 }]
    const theirs = require(`kafkajs/src/protocol/requests/fetch/v${version}/request`)({
      replicaId: -1,
      maxWaitTime: 500,
      minBytes: 1,
      maxBytes: 2_000,
      isolationLevel: 1,
      topics: [{ topic: TOPIC, partitions }],
    })
    const request = fetchApi.decodeRequest(new WireReader((await theirs.encode()).buffer), version)
    expect(request).toMatchObject({ replicaId: -1, maxWaitMs: 500, sessionEpoch: -1, rackId: '' })
    expect(request.topics[0]?.partitions).toMatchObject([
      { partition: 3, fetchOffset: OFFSET, partitionMaxBytes: 1_000 },
    ])
    const bytes = written((writer) => fetchApi.encodeResponse(writer, version, fetchResponse))
    expect(await kafkajsDecode('fetch', version, bytes)).toMatchObject({
      responses: [{ topicName: TOPIC, partitions: [{ partition: 3, highWatermark: `${OFFSET}` }] }],
    })
  })

  it.each(versions(0, 1))('InitProducerId v%i: both directions', async (version) => {
    const theirs = require(`kafkajs/src/protocol/requests/initProducerId/v${version}/request`)({
      transactionalId: null,
      transactionTimeout: 9,
    })
    const { buffer } = await theirs.encode()
    const request = initProducerIdApi.decodeRequest(new WireReader(buffer), version)
    expect(request).toMatchObject({ transactionalId: null, transactionTimeoutMs: 9 })
    const response = { throttleTimeMs: 0, errorCode: 0, producerId: OFFSET, producerEpoch: 3 }
    const bytes = written((writer) => initProducerIdApi.encodeResponse(writer, version, response))
    expect(await kafkajsDecode('initProducerId', version, bytes)).toMatchObject({
      producerId: `${OFFSET}`,
      producerEpoch: 3,
    })
  })

  async function kafkajsDecode(api: string, version: number, bytes: Buffer): Promise<unknown> {
    return require(`kafkajs/src/protocol/requests/${api}/v${version}/response`).decode(bytes)
  }
})

const fetchResponse = {
  throttleTimeMs: 17,
  sessionId: 4,
  topics: [
    {
      topic: TOPIC,
      partitions: [
        {
          partition: 3,
          errorCode: 0,
          highWatermark: OFFSET,
          lastStableOffset: OFFSET,
          abortedTransactions: [{ producerId: 4, firstOffset: 2 }],
          records: null,
          currentLeader: { leaderId: 6, leaderEpoch: 8 },
        },
      ],
    },
  ],
}

interface TheirApi {
  createRequest(...args: unknown[]): platformatic.Writer
  parseResponse(id: number, key: number, version: number, reader: platformatic.Reader): unknown
}

const theirApis: Readonly<Record<string, unknown>> = platformatic

function theirRequest(name: string, ...args: unknown[]): Buffer {
  return (theirApis[name] as TheirApi).createRequest(...args).buffer
}

function theirResponse(name: string, key: number, version: number, bytes: Buffer): unknown {
  const reader = platformatic.Reader.from(bytes)
  const response = (theirApis[name] as TheirApi).parseResponse(1, key, version, reader)
  expect(reader.position).toBe(bytes.length)
  return response
}

function versions(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}

/**
 * Goal: no method of the public gRPC API shows one tenant anything of another, not even that it
 * exists.
 * Method: the generated service definitions against everything real. A method needs a case below; a
 * new one without a case fails here before it can leak.
 */
import {
  Acks,
  FetchRequest,
  FetchStreamRequest,
  ListOffsetsRequest,
  ProduceRequest,
  ProduceStreamRequest,
  ProduceStreamResponse,
  RecordServiceService,
} from '@courant/api/v1/record_service'
import {
  AddPartitionsRequest,
  AlterTopicRequest,
  CreateTopicRequest,
  CreateTopicResponse,
  DeleteRecordsRequest,
  DeleteTopicRequest,
  DescribeTopicRequest,
  DescribeTopicResponse,
  ListTopicsRequest,
  ListTopicsResponse,
  TopicServiceService,
} from '@courant/api/v1/topic_service'
import { status } from '@grpc/grpc-js'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { newTenant } from './support/api.ts'
import { call, encoder, type GrpcAnswer } from './support/raw-grpc.ts'

/** A request for the topic of that name, which succeeds where it is the caller's own. */
type Case = (topic: string) => Uint8Array

const record = { value: Buffer.from('1') }

const TOPICS: Readonly<Record<string, Case>> = {
  Produce: encoder(ProduceRequest, (topic) => ({ topic, records: [record] })),
  ProduceStream: encoder(ProduceStreamRequest, (topic) => ({
    topic,
    records: [record],
    acks: Acks.ACKS_ALL,
  })),
  Fetch: encoder(FetchRequest, (topic) => ({ topic })),
  FetchStream: encoder(FetchStreamRequest, (topic) => ({ topic, waitMs: 0 })),
  ListOffsets: encoder(ListOffsetsRequest, (topic) => ({ topic })),
  DescribeTopic: encoder(DescribeTopicRequest, (topic) => ({ topic })),
  AlterTopic: encoder(AlterTopicRequest, (topic) => ({
    topic,
    config: { retentionMs: 3_600_000 },
  })),
  AddPartitions: encoder(AddPartitionsRequest, (topic) => ({ topic, partitions: 2 })),
  DeleteRecords: encoder(DeleteRecordsRequest, (topic) => ({
    topic,
    before: { $case: 'beforeOffset', value: 0 },
  })),
  DeleteTopic: encoder(DeleteTopicRequest, (topic) => ({ topic })),
}

/** They name no topic of the caller; what they may show of others is tested one by one below. */
const OTHERS = new Set(['CreateTopic', 'ListTopics'])

const methods = [RecordServiceService, TopicServiceService].flatMap((service) =>
  Object.values(service).map(({ path, requestStream, responseStream }) => ({
    path,
    name: path.slice(path.lastIndexOf('/') + 1),
    isStream: requestStream || responseStream,
  })),
)
const ofTopics = methods.filter(({ name }) => !OTHERS.has(name))

let own: string
let foreign: string

beforeAll(async () => {
  own = await tenantWithTopic('grpc-own', 'own-topic-abc')
  // Of equal length to the missing one's, so that nothing but its name may tell the answers apart.
  foreign = await tenantWithTopic('grpc-foreign', 'foreign-topic')
})

async function tenantWithTopic(tenant: string, topic: string): Promise<string> {
  const key = await newTenant(tenant)
  const made = await call(key, '/courant.v1.TopicService/CreateTopic', createRequest(topic))
  expect(made.code, made.details).toBe(status.OK)
  return key
}

function createRequest(name: string): Uint8Array {
  return CreateTopicRequest.encode(CreateTopicRequest.fromPartial({ name })).finish()
}

/** What an answer says about a topic of that name, with the name blanked. */
function essence({ name }: { readonly name: string }, answer: GrpcAnswer, topic: string): string {
  // A stream goes on behind a request that it refuses: its answer has the problem.
  const [message] = answer.messages
  const isItem = name === 'ProduceStream' && message !== undefined
  const problem = isItem ? ProduceStreamResponse.decode(message).problem : undefined
  const text = problem === undefined ? `${answer.code} ${answer.details}` : JSON.stringify(problem)
  return text.replaceAll(topic, '<name>')
}

function requestFor(name: string, topic: string): Uint8Array {
  const make = TOPICS[name]
  if (make === undefined) throw new Error(`${name} has no case in this test`)
  return make(topic)
}

describe('a topic that is named', () => {
  it.each(ofTopics)('$name: the foreign and the missing are the same', async (method) => {
    const { path, name } = method
    const ofForeign = await call(own, path, requestFor(name, 'foreign-topic'))
    const ofMissing = await call(own, path, requestFor(name, 'missing-topic'))
    const told = essence(method, ofForeign, 'foreign-topic')
    expect(told).toBe(essence(method, ofMissing, 'missing-topic'))
    expect(told).toContain('There is no topic')
  })

  it.each(ofTopics)('$name: the own is served', async ({ path, name }) => {
    const isDestroyed = name === 'DeleteTopic'
    const key = isDestroyed ? await tenantWithTopic('grpc-doomed', 'own-topic-abc') : own
    const answer = await call(key, path, requestFor(name, 'own-topic-abc'))
    expect(answer.code, answer.details).toBe(status.OK)
  })

  it('the foreign is untouched by all that', async () => {
    const path = '/courant.v1.TopicService/DescribeTopic'
    const answer = await call(foreign, path, requestFor('DescribeTopic', 'foreign-topic'))
    const [message = Buffer.alloc(0)] = answer.messages
    const { topic } = DescribeTopicResponse.decode(message)
    expect(topic).toMatchObject({ partitions: 1, config: { retentionMs: 604_800_000 } })
  })
})

it('a list holds the own and nothing of others', async () => {
  const names = async (prefix: string): Promise<string[]> => {
    const request = ListTopicsRequest.encode(ListTopicsRequest.fromPartial({ prefix })).finish()
    const answer = await call(own, '/courant.v1.TopicService/ListTopics', request)
    const [message = Buffer.alloc(0)] = answer.messages
    return ListTopicsResponse.decode(message).topics.map((topic) => topic.name)
  }
  expect(await names('')).toEqual(['own-topic-abc'])
  expect(await names('foreign')).toEqual([])
})

it('a name may be used by two tenants, for two topics', async () => {
  const make = async (key: string): Promise<string> => {
    const request = createRequest('the-same-name')
    const answer = await call(key, '/courant.v1.TopicService/CreateTopic', request)
    const [message = Buffer.alloc(0)] = answer.messages
    const { topic, created } = CreateTopicResponse.decode(message)
    expect(created).toBe(true)
    return topic?.topicId ?? ''
  }
  const first = await make(await newTenant('grpc-first'))
  expect(first).not.toBe(await make(await newTenant('grpc-second')))
})

describe('a credential', () => {
  it.each(methods)('$name needs one', async ({ path }) => {
    const answer = await call(null, path, Buffer.alloc(0))
    expect(answer.code).toBe(status.UNAUTHENTICATED)
  })

  it.each(methods)('$name refuses those of operators', async ({ path }) => {
    const answer = await call(inject('standalone').operatorKey, path, Buffer.alloc(0))
    expect(answer.code).toBe(status.PERMISSION_DENIED)
  })
})

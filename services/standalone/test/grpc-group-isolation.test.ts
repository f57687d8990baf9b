/**
 * Goal: no method of groups of the public gRPC API shows one tenant anything of another's groups,
 * or changes them.
 * Method: the generated service definitions against everything real. A method needs a case below; a
 * new one without a case fails here before it can leak.
 */
import {
  ConsumeRequest,
  ConsumeResponse,
  ConsumerServiceService,
} from '@courant/api/v1/consumer_service'
import {
  CommitGroupRequest,
  DeleteGroupRequest,
  DescribeGroupRequest,
  DescribeGroupResponse,
  ExplainGroupRequest,
  GroupServiceService,
  LeaveGroupRequest,
  ListGroupsRequest,
  ListGroupsResponse,
  ResetGroupOffsetsRequest,
} from '@courant/api/v1/group_service'
import { LogEnd } from '@courant/api/v1/record_service'
import { status } from '@grpc/grpc-js'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { call as callRest, newTenant } from './support/api.ts'
import { call, encoder } from './support/raw-grpc.ts'

/** Of the group of that name. Its member is called `member`. */
const NAMED: Readonly<Record<string, (group: string) => Uint8Array>> = {
  DescribeGroup: encoder(DescribeGroupRequest, (group) => ({ group })),
  ExplainGroup: encoder(ExplainGroupRequest, (group) => ({ group })),
  ResetGroupOffsets: encoder(ResetGroupOffsetsRequest, (group) => ({
    group,
    to: { $case: 'end', value: LogEnd.LOG_END_EARLIEST },
    fenceMembers: true,
  })),
  CommitGroup: encoder(CommitGroupRequest, (group) => ({ group, leaseToken })),
  DeleteGroup: encoder(DeleteGroupRequest, (group) => ({ group })),
  LeaveGroup: encoder(LeaveGroupRequest, (group) => ({ group, memberId: 'member' })),
  Consume: encoder(ConsumeRequest, (group) => ({
    request: { $case: 'subscribe', value: { group, topics: ['orders'], memberId: 'member' } },
  })),
}
/** A group that is not there has been left; one that is named for the first time is made. */
const SUCCEED = new Set(['LeaveGroup', 'Consume'])

const methods = [GroupServiceService, ConsumerServiceService].flatMap((service) =>
  Object.values(service).map(({ path }) => ({ path, name: path.slice(path.lastIndexOf('/') + 1) })),
)
const named = methods.filter(({ name }) => name !== 'ListGroups')

let own: string
let foreign: string
let leaseToken = ''

beforeAll(async () => {
  own = await tenantWithGroup('grpc-groups-own', 'own-group-abc')
  leaseToken = await poll(own, 'own-group-abc')
  foreign = await tenantWithGroup('grpc-groups-foreign', 'foreign-group')
})

async function tenantWithGroup(tenant: string, group: string): Promise<string> {
  const key = await newTenant(tenant)
  const body = { name: 'orders', partitions: 1 }
  await callRest(key, { method: 'POST', path: '/v1/topics', body })
  const records = [{ value: tenant }]
  await callRest(key, { method: 'POST', path: '/v1/topics/orders/records', body: { records } })
  await poll(key, group)
  return key
}

async function poll(key: string, group: string): Promise<string> {
  const body = { memberId: 'member', topics: ['orders'] }
  const path = `/v1/groups/${group}/poll`
  const { json } = await callRest(key, { method: 'POST', path, body })
  return json.leaseToken
}

function requestFor(name: string, group: string): Uint8Array {
  const make = NAMED[name]
  if (make === undefined) throw new Error(`${name} has no case in this test`)
  return make(group)
}

describe('a group that is named', () => {
  it.each(named)('$name: the foreign and the missing are the same', async ({ path, name }) => {
    const ofForeign = await call(own, path, requestFor(name, 'foreign-group'))
    const ofMissing = await call(own, path, requestFor(name, 'missing-group'))
    expect(ofForeign.code).toBe(ofMissing.code)
    expect(ofForeign.code === status.OK).toBe(SUCCEED.has(name))
    const told = ofForeign.details.replaceAll('foreign-group', '<name>')
    expect(told).toBe(ofMissing.details.replaceAll('missing-group', '<name>'))
  })

  it('the foreign and its member are untouched by all that', async () => {
    const path = '/courant.v1.GroupService/DescribeGroup'
    const answer = await call(foreign, path, requestFor('DescribeGroup', 'foreign-group'))
    const [message = Buffer.alloc(0)] = answer.messages
    const { group } = DescribeGroupResponse.decode(message)
    expect(group).toMatchObject({ members: [{ memberId: 'member' }], groupEpoch: 1 })
  })

  it('the own is served', async () => {
    const path = '/courant.v1.GroupService/DescribeGroup'
    const answer = await call(own, path, requestFor('DescribeGroup', 'own-group-abc'))
    expect(answer.code, answer.details).toBe(status.OK)
  })
})

it('a member reads the topics of its own tenant under any name', async () => {
  const path = '/courant.v1.ConsumerService/Consume'
  const request = encoder(ConsumeRequest, (group) => ({
    request: {
      $case: 'subscribe',
      value: { group, topicPattern: '.*', memberId: 'other' },
    },
  }))
  const { messages } = await call(own, path, request('foreign-group'))
  const assigned = messages.map((message) => ConsumeResponse.decode(message).response)
  expect(assigned[0]).toMatchObject({ $case: 'assignment', value: { memberId: 'other' } })
  const said = JSON.stringify(assigned)
  expect(said).not.toContain('grpc-groups-foreign')
})

it('a list holds the own and nothing of others', async () => {
  const request = ListGroupsRequest.encode(ListGroupsRequest.fromPartial({})).finish()
  const answer = await call(foreign, '/courant.v1.GroupService/ListGroups', request)
  const [message = Buffer.alloc(0)] = answer.messages
  const { groups } = ListGroupsResponse.decode(message)
  expect(groups.map(({ group }) => group)).toEqual(['foreign-group'])
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

/**
 * Goal: groups are looked after over gRPC as over REST: the same facts, errors and effects.
 * Method: the generated client against everything real, beside the same calls over REST.
 */
import { errorOf } from '@courant/api'
import {
  DescribeGroupRequest,
  ExplainGroupRequest,
  GroupServiceClient,
  GroupState,
  ListGroupsRequest,
  ResetGroupOffsetsRequest,
} from '@courant/api/v1/group_service'
import { LogEnd } from '@courant/api/v1/record_service'
import { type CallOptions, credentials, Metadata, type ServiceError } from '@grpc/grpc-js'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { call, newTenant } from './support/api.ts'
import { ConsumeFixture } from './support/consume-fixture.ts'

let key: string
let groups: GroupServiceClient

beforeAll(async () => {
  key = await newTenant('grpc-groups')
  groups = new GroupServiceClient(inject('standalone').grpc, credentials.createInsecure())
})
afterAll(() => groups.close())

type Method<Request, Response> = (
  request: Request,
  metadata: Metadata,
  options: Partial<CallOptions>,
  callback: (error: ServiceError | null, response: Response) => void,
) => unknown

function ask<Request, Response>(
  method: Method<Request, Response>,
  request: Request,
): Promise<Response> {
  const metadata = new Metadata()
  metadata.set('authorization', `Bearer ${key}`)
  return new Promise((resolve, reject) => {
    method.call(groups, request, metadata, {}, (error, response) =>
      error === null ? resolve(response) : reject(errorOf(error)),
    )
  })
}

/** A group with one member, which has been handed out three records and acknowledged none. */
async function polled() {
  const fixture = await ConsumeFixture.make(key)
  const body = { memberId: 'm', topics: [fixture.topic] }
  const path = `/v1/groups/${fixture.group}/poll`
  const { json } = await call(key, { method: 'POST', path, body })
  return { ...fixture, group: fixture.group, topic: fixture.topic, token: json.leaseToken }
}

const code = (value: string) => expect.objectContaining({ code: value })

it('a group is described, listed and explained', async () => {
  const { group, topic } = await polled()
  const described = await ask(groups.describeGroup, DescribeGroupRequest.fromPartial({ group }))
  expect(described.group).toMatchObject({
    group,
    state: GroupState.GROUP_STATE_STABLE,
    assignor: 'uniform',
    lagRecords: 3,
    members: [{ memberId: 'm', topics: [topic], partitions: 1, topicPattern: '' }],
    partitions: [{ topic, partition: 0, owner: 'm', nextOwner: '', logEndOffset: 3 }],
    incidents: [{ kind: 'JOINED', memberId: 'm' }],
  })
  expect(described.group?.partitions[0]?.committedOffset).toBeUndefined()
  expect(described.group?.emptySince).toBeUndefined()
  const listed = await ask(groups.listGroups, ListGroupsRequest.fromPartial({ prefix: group }))
  const summary = { group, state: GroupState.GROUP_STATE_STABLE, members: 1, assignor: 'uniform' }
  expect(listed).toMatchObject({ groups: [summary], nextCursor: '' })
  const explained = await ask(groups.explainGroup, ExplainGroupRequest.fromPartial({ group }))
  const rest = await call(key, { method: 'GET', path: `/v1/groups/${group}/explain` })
  expect(explained.findings.map((finding) => finding.code)).toEqual(
    rest.json.findings.map((finding: { code: string }) => finding.code),
  )
})

it('offsets are committed with a token, and reset once nobody is in the way', async () => {
  const { group, topic, token } = await polled()
  const commit = { group, leaseToken: token, metadata: 'here' }
  expect(await ask(groups.commitGroup, commit)).toEqual({ alreadyCommitted: false })
  expect(await ask(groups.commitGroup, commit)).toEqual({ alreadyCommitted: true })
  const reset = (to: NonNullable<ResetGroupOffsetsRequest['to']>, more: object = {}) =>
    ask(groups.resetGroupOffsets, ResetGroupOffsetsRequest.fromPartial({ group, to, ...more }))
  const moved = (from: number, to: number) => [{ topic, partition: 0, from, to }]
  const earliest = { $case: 'end', value: LogEnd.LOG_END_EARLIEST } as const
  const dry = await reset(earliest, { dryRun: true })
  expect(dry).toEqual({ dryRun: true, membersFenced: 0, partitions: moved(3, 0) })
  await expect(reset(earliest)).rejects.toEqual(code('GROUP_NOT_EMPTY'))
  await ask(groups.leaveGroup, { group, memberId: 'm' })
  expect(await reset({ $case: 'shiftBy', value: -1 })).toMatchObject({ partitions: moved(3, 2) })
  expect(await reset({ $case: 'offset', value: 1 })).toMatchObject({ partitions: moved(2, 1) })
  expect(await reset({ $case: 'timestamp', value: 0 })).toMatchObject({ partitions: moved(1, 0) })
  const other = await polled()
  const from = { $case: 'fromGroup', value: other.group } as const
  expect(await reset(from)).toMatchObject({ partitions: [] })
  await expect(reset({ $case: 'end', value: LogEnd.LOG_END_UNSPECIFIED })).rejects.toEqual(
    code('INVALID_ARGUMENT'),
  )
})

it('a group is deleted when it is empty, and gone then', async () => {
  const { group } = await polled()
  await expect(ask(groups.deleteGroup, { group })).rejects.toEqual(code('GROUP_NOT_EMPTY'))
  await ask(groups.leaveGroup, { group, memberId: 'm' })
  await ask(groups.deleteGroup, { group })
  await expect(ask(groups.deleteGroup, { group })).rejects.toEqual(code('GROUP_NOT_FOUND'))
})

import {
  AddPartitionsRequest,
  AddPartitionsResponse,
  AlterTopicRequest,
  AlterTopicResponse,
  CreateTopicRequest,
  CreateTopicResponse,
  DeleteRecordsRequest,
  DeleteRecordsResponse,
  DeleteTopicRequest,
  DeleteTopicResponse,
  DescribeTopicRequest,
  DescribeTopicResponse,
  ListTopicsRequest,
  ListTopicsResponse,
  TopicServiceService,
} from '@courant/api/v1/topic_service'
import type { GatewayParts } from '../../gateway-parts.ts'
import { addPartitions } from '../../rest/topics/add-partitions.ts'
import { alterTopic } from '../../rest/topics/alter.ts'
import { createTopic } from '../../rest/topics/create.ts'
import { deleteTopic } from '../../rest/topics/delete.ts'
import { deleteRecords } from '../../rest/topics/delete-records.ts'
import { describeTopic } from '../../rest/topics/describe.ts'
import { listTopics } from '../../rest/topics/list.ts'
import { type Service, service } from '../calls/add-methods.ts'
import { routeMethod } from '../calls/route-method.ts'
import { givenSettings, summaryMessage, topicMessage } from './topic-message.ts'

/** `TopicService`: the routes of topics as methods. */
export function topicService(gateway: GatewayParts): Service {
  return service(TopicServiceService, {
    createTopic: routeMethod(gateway, {
      route: createTopic,
      request: CreateTopicRequest,
      response: CreateTopicResponse,
      call: ({ name, partitions, replicationFactor, config, timeoutMs }) => ({
        query: { timeoutMs },
        body: { name, partitions, replicationFactor, config: givenSettings(config) },
      }),
      answer: (body, status) => ({ topic: topicMessage(body), created: status !== EXISTED }),
    }),
    listTopics: routeMethod(gateway, {
      route: listTopics,
      request: ListTopicsRequest,
      response: ListTopicsResponse,
      call: ({ limit, cursor, prefix }) => ({
        query: { limit, cursor: cursor === '' ? undefined : cursor, prefix },
      }),
      answer: ({ topics, nextCursor }) => ({
        topics: topics.map(summaryMessage),
        nextCursor: nextCursor ?? '',
      }),
    }),
    describeTopic: routeMethod(gateway, {
      route: describeTopic,
      request: DescribeTopicRequest,
      response: DescribeTopicResponse,
      call: ({ topic }) => ({ params: { topic } }),
      answer: (body) => ({ topic: topicMessage(body) }),
    }),
    alterTopic: routeMethod(gateway, {
      route: alterTopic,
      request: AlterTopicRequest,
      response: AlterTopicResponse,
      call: ({ topic, config, reset }) => ({
        params: { topic },
        body: {
          config: {
            ...Object.fromEntries(reset.map((name) => [name, null])),
            ...givenSettings(config),
          },
        },
      }),
      answer: (body) => ({ topic: topicMessage(body) }),
    }),
    addPartitions: routeMethod(gateway, {
      route: addPartitions,
      request: AddPartitionsRequest,
      response: AddPartitionsResponse,
      call: ({ topic, partitions }) => ({ params: { topic }, body: { partitions } }),
      answer: ({ warnings, ...topic }) => ({ topic: topicMessage(topic), warnings }),
    }),
    deleteRecords: routeMethod(gateway, {
      route: deleteRecords,
      request: DeleteRecordsRequest,
      response: DeleteRecordsResponse,
      call: ({ topic, partition, before }) => ({
        params: { topic, partition },
        body: { beforeOffset: beforeOffset(before) },
      }),
      answer: (body) => body,
    }),
    deleteTopic: routeMethod(gateway, {
      route: deleteTopic,
      request: DeleteTopicRequest,
      response: DeleteTopicResponse,
      call: ({ topic }) => ({ params: { topic } }),
      answer: () => ({}),
    }),
  })
}

/** The status of a creation that found an equal topic. */
const EXISTED = 200

function beforeOffset(before: DeleteRecordsRequest['before']): number | string | undefined {
  if (before === undefined) return undefined
  if (before.$case === 'beforeOffset') return before.value
  return before.value ? 'latest' : undefined
}

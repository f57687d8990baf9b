export {
  type AnyApi,
  Api,
  type ApiDeclaration,
  type RequestInputOf,
  type RequestOf,
  type ResponseInputOf,
  type ResponseOf,
} from './api.ts'
export { BrokerConnection, type BrokerConnectionOptions } from './broker-connection.ts'
export {
  errorFromKafka,
  kafkaCodeOf,
  kafkaMessageOf,
  NO_ERROR,
  type Operation,
} from './error-mapping.ts'
export type { Exchange, Peer } from './exchange.ts'
export { apiVersionsApi } from './messages/api-versions.ts'
export { deleteRecordsApi } from './messages/delete-records.ts'
export { fetchApi } from './messages/fetch.ts'
export { heaviestKeysApi } from './messages/heaviest-keys.ts'
export { initProducerIdApi } from './messages/init-producer-id.ts'
export { listOffsetsApi, listOffsetsTimestamp } from './messages/list-offsets.ts'
export { offsetForLeaderEpochApi } from './messages/offset-for-leader-epoch.ts'
export { produceApi } from './messages/produce.ts'
export { replicaLogsApi } from './messages/replica-logs.ts'
export { RequestBudget } from './request-budget.ts'
export { encodeRequestFrame } from './request-frame.ts'
export type { AnswerMemory, AnswerOrder } from './request-pipeline.ts'
export { type RequestHandler, RequestRouter } from './request-router.ts'
export { ServerConnection, type ServerConnectionOptions } from './server-connection.ts'

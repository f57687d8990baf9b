import {
  deleteRecordsApi,
  fetchApi,
  heaviestKeysApi,
  initProducerIdApi,
  listOffsetsApi,
  offsetForLeaderEpochApi,
  produceApi,
  RequestRouter,
  replicaLogsApi,
} from '@courant/kafka-protocol'
import type { Address, Clock, Network } from '@courant/kernel'
import type { Logger } from '@courant/service-kit'
import type { BrokerStanding } from '../control-plane/broker-standing.ts'
import type { ProducerIds } from '../control-plane/producer-ids.ts'
import type { PartitionRegistry } from '../partition/partition-registry.ts'
import { STOPPING } from '../partition/refusals.ts'
import { ReplicaSessions } from '../replication/replica-sessions.ts'
import { RequestCounts } from '../request-counts.ts'
import { Deadlines } from './deadlines.ts'
import { deleteRecordsHandler } from './delete-records.ts'
import { fetchHandler } from './fetch.ts'
import { FetchLanes } from './fetch-lanes.ts'
import { heaviestKeysHandler } from './heaviest-keys.ts'
import { initProducerIdHandler } from './init-producer-id.ts'
import { listOffsetsHandler } from './list-offsets.ts'
import { offsetForLeaderEpochHandler } from './offset-for-leader-epoch.ts'
import { produceHandler } from './produce.ts'
import { replicaLogsHandler } from './replica-logs.ts'
import { RequestServer } from './request-server.ts'

export interface RequestServiceParts {
  readonly network: Network
  readonly clock: Clock
  readonly log: Logger
  readonly partitions: PartitionRegistry
  readonly producerIds: Pick<ProducerIds, 'take'>
  readonly isLeaseOver: () => boolean
  readonly standing: () => BrokerStanding
}

/** Produces and followers wait long, readers less: how late each is told that time is up. */
const WRITE_CHECK_MS = 100
const POLL_CHECK_MS = 10

/** Everything that this broker answers over TCP. */
export class RequestService {
  readonly server: RequestServer
  readonly counts = new RequestCounts()
  readonly longPolls: Deadlines
  readonly sessions = new ReplicaSessions()
  readonly #replicaPolls: Deadlines
  readonly #partitions: PartitionRegistry

  constructor(parts: RequestServiceParts) {
    const { network, clock, log, partitions, producerIds, isLeaseOver, standing } = parts
    const { counts } = this
    const deadlines = new Deadlines(clock, WRITE_CHECK_MS)
    this.longPolls = new Deadlines(clock, POLL_CHECK_MS)
    this.#replicaPolls = new Deadlines(clock, WRITE_CHECK_MS)
    this.#partitions = partitions
    const lanes = new FetchLanes()
    const fetch = { partitions, clock, lanes, deadlines: this.longPolls, counts, isLeaseOver }
    const { sessions } = this
    const replicaFetch = { partitions, clock, sessions, deadlines: this.#replicaPolls, counts }
    const router = new RequestRouter()
      .on(produceApi, produceHandler({ partitions, clock, deadlines, counts, isLeaseOver }))
      .on(fetchApi, fetchHandler(fetch, replicaFetch))
      .on(listOffsetsApi, listOffsetsHandler({ partitions, counts }))
      .on(offsetForLeaderEpochApi, offsetForLeaderEpochHandler({ partitions, counts }))
      .on(deleteRecordsApi, deleteRecordsHandler({ partitions, clock, deadlines, counts }))
      .on(initProducerIdApi, initProducerIdHandler({ producerIds, counts }))
      .on(heaviestKeysApi, heaviestKeysHandler({ partitions, clock, counts }))
      .on(replicaLogsApi, replicaLogsHandler({ partitions, counts, standing }))
    this.server = new RequestServer({ network, clock, log, router })
  }

  listen(address: Address): Promise<Address> {
    return this.server.listen(address)
  }

  /** Answers what is under way; long polls get what there is. Then nothing is served any more. */
  async stop(): Promise<void> {
    await this.server.stopAccepting()
    const drained = this.server.drain()
    this.longPolls.expireAll()
    this.#replicaPolls.expireAll()
    await drained
    this.#partitions.close(STOPPING)
  }
}

/** Brokers that register, fetch and lead as a test tells them, on one control plane. */
import type { InSyncChange, InSyncReplica, InSyncResult } from '@courant/api/internal/v1/broker'
import { systemRandom } from '@courant/kernel'
import type pg from 'pg'
import {
  type BrokerProcess,
  connect,
  databases,
  newBroker,
  type Running,
  restarted,
  start,
} from './fixture.ts'

export interface Row {
  readonly topic_id: string
  readonly partition: number
  readonly replicas: number[]
  readonly leader: number | null
  readonly leader_epoch: number
  readonly partition_epoch: number
  readonly last_unclean_leader_epoch: number
  readonly in_sync_replicas: number[]
  readonly eligible_replicas: number[]
  readonly target_replicas: number[]
  readonly adding_replicas: number[]
}

export class Fleet {
  readonly running: Running
  /** Looks at the tables beside the control plane. */
  readonly client: pg.Client
  readonly url: string
  readonly tenantId: string
  readonly #processes = new Map<number, BrokerProcess>()
  readonly #epochs = new Map<number, number>()

  private constructor(running: Running, client: pg.Client, url: string, tenantId: string) {
    this.running = running
    this.client = client
    this.url = url
    this.tenantId = tenantId
  }

  static async start(ids: readonly number[]): Promise<Fleet> {
    const url = await databases.create()
    const running = await start(url)
    const tenantId = (await running.createTenant('acme')).tenant?.tenantId ?? ''
    const fleet = new Fleet(running, await connect(url), url, tenantId)
    for (const brokerId of ids) await fleet.#begin(newBroker(brokerId))
    return fleet
  }

  /** A new process on the same disk. */
  async restart(brokerId: number): Promise<void> {
    const process = this.#processes.get(brokerId)
    if (process === undefined) throw new Error('a broker of this test')
    await this.#begin(restarted(process, this.#epochs.get(brokerId) ?? 0))
  }

  /** It is fenced and leads nothing any more; its session has ended. */
  async fence(brokerId: number): Promise<void> {
    await this.wish(brokerId, { storageOffline: true })
    const sql = 'UPDATE courant.broker_session SET expires_at = now() WHERE broker_id = $1'
    await this.client.query(sql, [brokerId])
  }

  async wish(brokerId: number, wishes: { wantShutdown?: boolean; storageOffline?: boolean }) {
    const { brokerEpoch } = this.sender(brokerId)
    await this.running.heartbeat(brokerId, { brokerEpoch, metadataVersion: 0 }, wishes)
  }

  /** Whoever a test before has stopped begins anew. */
  async heal(): Promise<void> {
    const { rows } = await this.client.query(
      "SELECT broker_id FROM courant.broker WHERE state <> 'active' ORDER BY broker_id",
    )
    for (const { broker_id } of rows) await this.restart(broker_id)
  }

  /** Returns its id. */
  async createTopic({
    partitionCount = 1,
    replicationFactor = 3,
    minimum = 2,
  } = {}): Promise<string> {
    const { topic } = await this.running.createTopic({
      tenantId: this.tenantId,
      name: systemRandom.uuid(),
      partitionCount,
      replicationFactor,
      config: { 'min.insync.replicas': String(minimum) },
    })
    return topic?.topicId ?? ''
  }

  async rows(topicId: string): Promise<Row[]> {
    const sql = 'SELECT * FROM courant.partition WHERE topic_id = $1 ORDER BY partition'
    return (await this.client.query(sql, [topicId])).rows
  }

  async row(topicId: string): Promise<Row> {
    const [first] = await this.rows(topicId)
    if (first === undefined) throw new Error('there is a partition')
    return first
  }

  async version(): Promise<number> {
    return (await this.running.lookupApiKey('')).metadataVersion
  }

  sender(brokerId: number | null) {
    return { brokerId: brokerId ?? 0, brokerEpoch: this.#epochs.get(brokerId ?? 0) ?? 0 }
  }

  /** With the epochs of those who registered last. */
  members(...ids: number[]): InSyncReplica[] {
    return ids.map((brokerId) => this.sender(brokerId))
  }

  /** Of the partition's in-sync replicas, by its leader, from the newest state. */
  async alter(topicId: string, inSyncReplicas: InSyncReplica[]): Promise<InSyncResult> {
    const now = await this.row(topicId)
    const change = changeOf(now, inSyncReplicas)
    const { results } = await this.running.alterPartitions(this.sender(now.leader), [change])
    const [result] = results
    if (result === undefined) throw new Error('every change has a result')
    return result
  }

  async #begin(process: BrokerProcess): Promise<void> {
    this.#processes.set(process.brokerId, process)
    const { brokerEpoch } = await this.running.activeBroker(process)
    this.#epochs.set(process.brokerId, brokerEpoch)
  }
}

export function changeOf(row: Row, inSyncReplicas: InSyncReplica[]): InSyncChange {
  return {
    topicId: row.topic_id,
    partition: row.partition,
    leaderEpoch: row.leader_epoch,
    partitionEpoch: row.partition_epoch,
    inSyncReplicas,
  }
}

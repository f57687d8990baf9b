/**
 * Brokers as far as promise 1 goes: what is on whose disk, and what was acknowledged. Their calls
 * are the control plane's real operations on a real PostgreSQL; replication is a copy of the
 * leader's log.
 */
import { assert, BusError, systemRandom } from '@courant/kernel'
import type pg from 'pg'
import { fenceBroker } from '../src/brokers/fence-broker.ts'
import { sendHeartbeat } from '../src/brokers/heartbeat.ts'
import { registerBroker } from '../src/brokers/register-broker.ts'
import type { Cluster } from '../src/cluster.ts'
import { alterPartitions } from '../src/in-sync-replicas/alter-partitions.ts'

export interface PartitionRow {
  readonly topic_id: string
  readonly replicas: number[]
  readonly in_sync_replicas: number[]
  readonly eligible_replicas: number[]
  readonly leader: number | null
  readonly leader_epoch: number
  readonly partition_epoch: number
  readonly effective_min_isr: number
}

/** What a broker knows of a partition; may be old. */
interface View extends PartitionRow {
  /** In-sync replicas that it has asked for without hearing what became of it (B4.2, B4.3). */
  readonly proposed?: readonly number[]
}

interface Disk {
  readonly directoryId: string
  /** Synced before the first append of that epoch. */
  epoch: number
  /** Records by topic. */
  readonly logs: Map<string, readonly number[]>
}

interface BrokerProcess {
  readonly brokerEpoch: number
  readonly disk: Disk
  readonly view: Map<string, View>
}

export type Alteration = 'join' | 'shrink' | 'join, answer lost' | 'shrink, answer lost'
/** `late`: only the registration comes, of a process that is gone for long. */
export type Restart = 'intact' | 'damaged' | 'new disk' | 'stale copy' | 'answer lost' | 'late'

const SESSION_MS = 600_000

export class SimulatedBrokers {
  readonly ids: readonly number[]
  readonly #cluster: Cluster
  readonly #client: pg.Pool
  readonly #disks = new Map<number, Disk>()
  /** Of the directory before its present epoch: from a backup, say. */
  readonly #copies = new Map<number, Disk>()
  readonly #processes = new Map<number, BrokerProcess>()
  readonly #acknowledged = new Map<string, number[]>()
  #records = 0

  constructor(cluster: Cluster, client: pg.Pool, ids: readonly number[]) {
    this.#cluster = cluster
    this.#client = client
    this.ids = ids
    for (const id of ids) this.#disks.set(id, newDisk())
  }

  kill(id: number): void {
    this.#processes.delete(id)
  }

  /** A process on what is left of the disk. It may be refused, while the id is held. */
  async restart(id: number, how: Restart): Promise<void> {
    if (how === 'late') {
      const then = this.#copies.get(id)
      if (then !== undefined) await this.#register(id, then, true)
      return
    }
    this.kill(id)
    const disk = this.#diskFor(id, how)
    this.#disks.set(id, disk)
    this.#copies.set(id, copyOf(disk))
    const brokerEpoch = await this.#register(id, disk, how !== 'damaged')
    if (brokerEpoch === null || how === 'answer lost') return
    disk.epoch = brokerEpoch
    this.#processes.set(id, { brokerEpoch, disk, view: new Map() })
  }

  async heartbeat(id: number, wish: 'ready' | 'leave' | 'offline'): Promise<void> {
    const process = this.#processes.get(id)
    if (process === undefined) return
    if (wish === 'ready') await this.refresh(id)
    const request = {
      brokerId: id,
      brokerEpoch: process.brokerEpoch,
      metadataVersion: Number.MAX_SAFE_INTEGER,
      storageOffline: wish === 'offline',
      wantShutdown: wish === 'leave',
      ready: wish === 'ready',
      seen: undefined,
    }
    const heartbeats = {
      cluster: this.#cluster,
      sessionTimeoutMs: SESSION_MS,
      versionOneSessionAgo: () => 0,
    }
    await sendHeartbeat(heartbeats, request).catch(this.#stale(id))
  }

  /** Its session runs out, whether it is dead or only cannot be heard. */
  async fence(id: number): Promise<void> {
    await this.expire(id)
    const { rows } = await this.#client.query(
      'SELECT broker_epoch FROM courant.broker WHERE broker_id = $1',
      [id],
    )
    if (rows[0] !== undefined) {
      await fenceBroker(this.#cluster, id, Number(rows[0].broker_epoch))
    }
  }

  async expire(id: number): Promise<void> {
    await this.#client.query(
      'UPDATE courant.broker_session SET expires_at = now() WHERE broker_id = $1',
      [id],
    )
  }

  /** Its copy of the metadata becomes current; older states of a partition are ignored. */
  async refresh(id: number): Promise<void> {
    const process = this.#processes.get(id)
    if (process === undefined) return
    for (const row of await this.rows()) {
      const known = process.view.get(row.topic_id)
      if ((known?.partition_epoch ?? -1) < row.partition_epoch) process.view.set(row.topic_id, row)
    }
  }

  /** Whoever believes to lead appends a record, and acknowledges what all in sync have taken. */
  produce(topicId: string): void {
    for (const [id, process] of this.#processes) {
      const row = process.view.get(topicId)
      if (row === undefined || row.leader !== id) continue
      if (row.in_sync_replicas.length < row.effective_min_isr) continue
      this.#records += 1
      process.disk.logs.set(topicId, [...logOf(process.disk, topicId), this.#records])
      const maximal = new Set([...row.in_sync_replicas, ...(row.proposed ?? [])])
      const took = [...maximal].filter((member) => this.#fetch(topicId, id, member))
      if (took.length < maximal.size) continue
      this.#acknowledged.set(topicId, [...this.acknowledged(topicId), this.#records])
    }
  }

  /** Whoever believes to lead takes in all who have caught up, or lets one of them go (B4). */
  async alter(topicId: string, how: Alteration): Promise<void> {
    for (const [id, process] of [...this.#processes]) {
      const row = process.view.get(topicId)
      if (row?.leader !== id || row.proposed !== undefined) continue
      const proposed = how.startsWith('join')
        ? row.replicas.filter((member) => this.#fetch(topicId, id, member))
        : row.in_sync_replicas.slice(0, -1)
      await this.#propose(id, { ...row, proposed: [...new Set([...proposed, id])] }, how)
    }
  }

  async #propose(id: number, row: View, how: Alteration): Promise<void> {
    const process = this.#processes.get(id)
    const { proposed = [], topic_id, leader_epoch, partition_epoch } = row
    if (process === undefined) return
    process.view.set(topic_id, row)
    const change = {
      topicId: topic_id,
      partition: 0,
      leaderEpoch: leader_epoch,
      partitionEpoch: partition_epoch,
      inSyncReplicas: proposed.map((brokerId) => ({
        brokerId,
        brokerEpoch: this.#processes.get(brokerId)?.brokerEpoch ?? 0,
      })),
    }
    const { brokerEpoch } = process
    const request = { brokerId: id, brokerEpoch, changes: [change] }
    const answer = await alterPartitions(this.#cluster, request).catch(this.#stale(id))
    if (answer === undefined || how.endsWith('answer lost')) return
    // A definite answer: the proposal is over, and what was read beside it is newer if it differs.
    const { proposed: _, ...committed } = row
    if (process.view.get(topic_id) === row) process.view.set(topic_id, committed)
    await this.refresh(id)
  }

  acknowledged(topicId: string): readonly number[] {
    return this.#acknowledged.get(topicId) ?? []
  }

  /** What a leader lacks that could serve now; empty is as it should be. */
  async lackedByLeaders(): Promise<string[]> {
    const { rows } = await this.#client.query('SELECT broker_id, broker_epoch FROM courant.broker')
    const epochs = new Map(rows.map((row) => [row.broker_id, Number(row.broker_epoch)]))
    return (await this.rows()).flatMap(({ topic_id, leader }) => {
      const process = this.#processes.get(leader ?? -1)
      if (process === undefined || process.brokerEpoch !== epochs.get(leader)) return []
      const log = logOf(process.disk, topic_id)
      const lacked = this.acknowledged(topic_id).filter((record) => !log.includes(record))
      return lacked.length === 0 ? [] : [`leader ${leader} lacks ${lacked}`]
    })
  }

  async rows(): Promise<PartitionRow[]> {
    const { rows } = await this.#client.query(
      'SELECT * FROM courant.partition WHERE replicas && $1::int[] ORDER BY topic_id',
      [this.ids],
    )
    return rows
  }

  /**
   * A replica takes the leader's log, unless it knows a newer leader than that. From then on it
   * follows this one: it has told its epoch with the fetch (B5.1).
   */
  #fetch(topicId: string, leader: number, follower: number): boolean {
    const [from, to] = [this.#processes.get(leader), this.#processes.get(follower)]
    const row = from?.view.get(topicId)
    if (from === undefined || to === undefined || row === undefined) return false
    if (!row.replicas.includes(follower)) return false
    if ((to.view.get(topicId)?.leader_epoch ?? -1) > row.leader_epoch) return false
    if (from === to) return true
    const { proposed: _, ...known } = row
    if ((to.view.get(topicId)?.partition_epoch ?? -1) < row.partition_epoch) {
      to.view.set(topicId, known)
    }
    to.disk.logs.set(topicId, logOf(from.disk, topicId))
    return true
  }

  #diskFor(id: number, how: Restart): Disk {
    const disk = this.#disks.get(id)
    assert(disk !== undefined)
    if (how === 'new disk') return newDisk()
    if (how === 'stale copy') return copyOf(this.#copies.get(id) ?? disk)
    if (how === 'damaged') for (const topicId of disk.logs.keys()) disk.logs.set(topicId, [])
    return disk
  }

  async #register(id: number, disk: Disk, intact: boolean): Promise<number | null> {
    const request = {
      brokerId: id,
      incarnationId: systemRandom.uuid(),
      directoryId: disk.directoryId,
      clusterId: '',
      host: `host-${id}`,
      port: 9_092,
      rack: '',
      previousBrokerEpoch: disk.epoch,
      intact,
      seen: undefined,
    }
    const parts = { cluster: this.#cluster, sessionTimeoutMs: SESSION_MS }
    const answer = await registerBroker(parts, request).catch((error: unknown) => {
      if (error instanceof BusError && error.code === 'DUPLICATE_BROKER') return null
      throw error
    })
    return answer?.brokerEpoch ?? null
  }

  #stale(id: number): (error: unknown) => undefined {
    return (error) => {
      if (!(error instanceof BusError) || error.code !== 'STALE_BROKER_EPOCH') throw error
      this.kill(id)
      return undefined
    }
  }
}

function newDisk(): Disk {
  return { directoryId: systemRandom.uuid(), epoch: 0, logs: new Map() }
}

function copyOf({ directoryId, epoch, logs }: Disk): Disk {
  return { directoryId, epoch, logs: new Map(logs) }
}

function logOf(disk: Disk, topicId: string): readonly number[] {
  return disk.logs.get(topicId) ?? []
}

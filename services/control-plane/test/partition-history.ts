/** What happens to the logs of one partition by the rules of replication, after a backup or not. */
import type { ReplicaLog } from '@courant/api/internal/v1/cluster'

export const HISTORY_BROKERS: readonly number[] = [1, 2, 3, 4, 5]

/**
 * `append`: the leader takes a record, and those in sync have it. `appendAlone`: nobody else has it
 * yet. `appendDeposed`: a leader that has not heard of its successor takes one. `leave`, `join`:
 * in-sync replicas shrink, grow. `elect`: another in-sync replica leads, and its predecessor does
 * not hear of it. `move`: the partition leaves its last replica for the broker.
 */
export const stepKinds = [
  'append',
  'appendAlone',
  'appendDeposed',
  'leave',
  'join',
  'elect',
  'move',
] as const

export interface Step {
  readonly kind: (typeof stepKinds)[number]
  readonly brokerId: number
}

interface Entry {
  readonly id: number
  readonly epoch: number
}

interface Replica {
  log: Entry[]
  knownEpoch: number
  isLeader: boolean
}

/** Begins with replicas 1, 2 and 3, all in sync, the first as the leader in epoch 0. */
export class PartitionHistory {
  epoch = 0
  readonly #minIsr: number
  readonly #replicas = new Map<number, Replica>()
  readonly #acknowledged: number[] = []
  #leader = 1
  #inSync = [1, 2, 3]
  #nextId = 0

  constructor(minIsr: number) {
    this.#minIsr = minIsr
    for (const id of this.#inSync) {
      this.#replicas.set(id, { log: [], knownEpoch: 0, isLeader: id === this.#leader })
    }
  }

  take({ kind, brokerId }: Step): void {
    const isReplica = this.#replicas.has(brokerId)
    const isInSync = this.#inSync.includes(brokerId)
    if (kind === 'append') this.#append()
    else if (kind === 'appendAlone') this.#write([this.#leader], this.epoch)
    else if (kind === 'appendDeposed' && isReplica) this.#appendDeposed(brokerId)
    else if (kind === 'leave' && brokerId !== this.#leader) this.#leave(brokerId)
    else if (kind === 'join' && isReplica && !isInSync) this.#join(brokerId)
    else if (kind === 'elect' && isInSync && brokerId !== this.#leader) this.#elect(brokerId)
    else if (kind === 'move' && !isReplica) this.#move(brokerId)
  }

  logsOf(brokerId: number, topicId: string): ReplicaLog[] {
    const replica = this.#replicas.get(brokerId)
    if (replica === undefined) return []
    const { log, knownEpoch, isLeader } = replica
    const lastEpoch = log.at(-1)?.epoch ?? -1
    const place = { topicId, partition: 0, logEndOffset: log.length, isDamaged: false }
    return [{ ...place, lastEpoch, knownEpoch, isLeader }]
  }

  /** Acknowledged records that are not in its log. */
  lackedBy(brokerId: number): number[] {
    const ids = new Set(this.#replicas.get(brokerId)?.log.map(({ id }) => id))
    return this.#acknowledged.filter((id) => !ids.has(id))
  }

  #append(): void {
    // Who is in sync has what the leader has before it can have more.
    for (const id of this.#inSync) this.#copyTo(id)
    const id = this.#write(this.#inSync, this.epoch)
    if (this.#inSync.length >= this.#minIsr) this.#acknowledged.push(id)
  }

  #appendDeposed(brokerId: number): void {
    const replica = this.#replicaOf(brokerId)
    if (replica.isLeader && brokerId !== this.#leader) this.#write([brokerId], replica.knownEpoch)
  }

  #write(brokerIds: readonly number[], epoch: number): number {
    const entry = { id: this.#nextId++, epoch }
    for (const brokerId of brokerIds) this.#replicaOf(brokerId).log.push(entry)
    return entry.id
  }

  #leave(brokerId: number): void {
    this.#inSync = this.#inSync.filter((id) => id !== brokerId)
  }

  #join(brokerId: number): void {
    this.#copyTo(brokerId)
    this.#inSync.push(brokerId)
  }

  #copyTo(brokerId: number): void {
    if (brokerId === this.#leader) return
    const log = [...this.#replicaOf(this.#leader).log]
    this.#replicas.set(brokerId, { log, knownEpoch: this.epoch, isLeader: false })
  }

  #elect(brokerId: number): void {
    this.#leave(this.#leader)
    this.#leader = brokerId
    this.epoch += 1
    for (const id of this.#inSync) this.#replicaOf(id).knownEpoch = this.epoch
    this.#replicaOf(brokerId).isLeader = true
  }

  /** The new one catches up and is in sync before the old one goes, with its log. */
  #move(brokerId: number): void {
    const leaving = [...this.#replicas.keys()].findLast((id) => id !== this.#leader)
    this.#join(brokerId)
    if (leaving === undefined) return
    this.#leave(leaving)
    this.#replicas.delete(leaving)
  }

  #replicaOf(brokerId: number): Replica {
    const replica = this.#replicas.get(brokerId)
    if (replica === undefined) throw new Error('it is no replica')
    return replica
  }
}

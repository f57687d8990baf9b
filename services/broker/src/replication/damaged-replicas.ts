import { type BrokerId, BusError, type Clock } from '@courant/kernel'
import type { MetadataCopy, Partition as PartitionState } from '@courant/metadata'
import type { Logger } from '@courant/service-kit'
import type { ControlPlaneLink } from '../control-plane/control-plane-link.ts'
import type { Partition } from '../partition/partition.ts'
import type { PartitionRegistry } from '../partition/partition-registry.ts'

export interface DamagedReplicasParts {
  readonly link: Pick<ControlPlaneLink, 'alterPartitions'>
  readonly clock: Clock
  readonly log: Logger
  readonly metadata: MetadataCopy
  readonly partitions: PartitionRegistry
  readonly brokerId: BrokerId
  /** Of this broker's registration; null while there is none. */
  readonly brokerEpoch: () => number | null
}

/** What is to be repaired, and how far that is. */
interface Repair {
  /** The term in which the control plane knows; null while it does not. */
  withdrawnIn: number | null
  /** Not before this it is asked again. */
  askAtMs: number
  isUnderWay: boolean
}

/** Others may come back meanwhile. */
const RETRY_MS = 2_000

/**
 * Replicas in which a read has found damage (reliability B10.2, B10.4). Such a one takes itself out
 * of those that may lead, which begins a new term; it fetches nothing from then on, so that no
 * leader of that term or a later one can count it. When enough others have all that is committed,
 * it deletes what it has and begins anew, as a replica that was added.
 *
 * While nobody else has everything it stays as it is, and is served around the damage.
 */
export class DamagedReplicas {
  readonly #parts: DamagedReplicasParts
  readonly #repairs = new Map<Partition, Repair>()

  constructor(parts: DamagedReplicasParts) {
    this.#parts = parts
  }

  /** To be called now and then, for each partition. */
  look(partition: Partition): void {
    if (!partition.isDamaged) {
      if (this.#repairs.size > 0) this.#repairs.delete(partition)
      return
    }
    const repair = this.#repairs.get(partition) ?? this.#found(partition)
    const row = this.#parts.metadata.partition(partition.topicId, partition.index)
    if (row === null || repair.isUnderWay || !row.replicas.includes(this.#parts.brokerId)) return
    if (this.#isSafeElsewhere(row, repair)) this.#beginAnew(partition, repair)
    else if (repair.withdrawnIn === null || this.#mayBeElected(row)) {
      void this.#withdraw(partition, row, repair)
    }
  }

  #found(partition: Partition): Repair {
    const repair = { withdrawnIn: null, askAtMs: 0, isUnderWay: false }
    this.#repairs.set(partition, repair)
    const { topicId, index } = partition
    this.#parts.log.error({ topicId, partition: index }, 'a replica is damaged on this disk')
    return repair
  }

  /** Without this one there are enough, and no earlier fetch of this one can bring it back in. */
  #isSafeElsewhere(row: PartitionState, { withdrawnIn }: Repair): boolean {
    if (withdrawnIn === null || row.leaderEpoch < withdrawnIn || this.#mayBeElected(row))
      return false
    const enough = Math.min(row.effectiveMinIsr, row.replicas.length - 1)
    return row.leader !== null && row.inSyncReplicas.length >= Math.max(1, enough)
  }

  #mayBeElected({ inSyncReplicas, eligibleReplicas }: PartitionState): boolean {
    const { brokerId } = this.#parts
    return inSyncReplicas.includes(brokerId) || eligibleReplicas.includes(brokerId)
  }

  async #withdraw(partition: Partition, row: PartitionState, repair: Repair): Promise<void> {
    const { link, clock, log, brokerId } = this.#parts
    const brokerEpoch = this.#parts.brokerEpoch()
    const others = row.inSyncReplicas.filter((member) => member !== brokerId)
    if (brokerEpoch === null || others.length === 0 || clock.monotonicMs() < repair.askAtMs) return
    repair.isUnderWay = true
    const { topicId, index } = partition
    try {
      const [result] = await link.alterPartitions({
        brokerId,
        brokerEpoch,
        changes: [
          {
            topicId,
            partition: index,
            leaderEpoch: row.leaderEpoch,
            partitionEpoch: row.partitionEpoch,
            inSyncReplicas: others.map((member) => ({ brokerId: member, brokerEpoch: 0 })),
          },
        ],
      })
      if (result?.error === null) {
        repair.withdrawnIn = result.row?.leaderEpoch ?? null
        log.warn({ topicId, partition: index }, 'a damaged replica is no longer in sync')
      } else log.warn({ topicId, partition: index, error: result?.error }, WAITS)
    } catch (thrown) {
      log.warn({ err: BusError.from(thrown), topicId, partition: index }, WAITS)
    } finally {
      repair.isUnderWay = false
      repair.askAtMs = clock.monotonicMs() + RETRY_MS
    }
  }

  #beginAnew(partition: Partition, repair: Repair): void {
    const { partitions, log } = this.#parts
    const { topicId, index } = partition
    repair.isUnderWay = true
    log.warn({ topicId, partition: index }, 'a damaged replica is fetched anew')
    void partitions.beginAnew(partition).finally(() => {
      repair.isUnderWay = false
    })
  }
}

const WAITS = 'a damaged replica is served around its damage until another has everything'

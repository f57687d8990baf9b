import { assert, BusError, limits } from '@courant/kernel'
import type { Alteration } from '@courant/replication'
import type { Logger } from '@courant/service-kit'
import type {
  ControlPlaneLink,
  PartitionAlteration,
  PartitionAltered,
} from '../control-plane/control-plane-link.ts'
import type { Partition } from '../partition/partition.ts'
import type { Traffic } from '../partition/traffic.ts'

export interface IsrAlterationsParts {
  readonly link: ControlPlaneLink
  readonly brokerId: number
  /** Of this broker's registration; null while there is none. */
  readonly brokerEpoch: () => number | null
  readonly traffic: Traffic
  readonly log: Logger
}

interface Sent {
  readonly partition: Partition
  readonly alteration: Alteration
  readonly membersBefore: number
}

/**
 * Carries changes of in-sync replicas to the control plane: what comes up while a call is on its
 * way goes into the next one. A call that fails leaves every change in it unknown: it may have been
 * carried out, or may be yet (reliability B4.3).
 */
export class IsrAlterations {
  readonly #parts: IsrAlterationsParts
  readonly #due = new Set<Partition>()
  #isSending = false

  constructor(parts: IsrAlterationsParts) {
    this.#parts = parts
  }

  /** A change may be due in the partition. */
  consider(partition: Partition): void {
    this.#due.add(partition)
    if (this.#isSending) return
    this.#isSending = true
    queueMicrotask(() => void this.#sendAll())
  }

  async #sendAll(): Promise<void> {
    while (this.#due.size > 0) {
      const brokerEpoch = this.#parts.brokerEpoch()
      if (brokerEpoch === null) {
        this.#due.clear()
        break
      }
      const sent = this.#propose(brokerEpoch)
      if (sent.length > 0) await this.#send(brokerEpoch, sent)
    }
    this.#isSending = false
  }

  #propose(brokerEpoch: number): Sent[] {
    const sent: Sent[] = []
    for (const partition of this.#due) {
      this.#due.delete(partition)
      const { leadership } = partition
      const alteration = leadership?.proposeAlteration(brokerEpoch) ?? null
      const membersBefore = leadership?.replicas.inSyncReplicas.length ?? 0
      if (alteration !== null) sent.push({ partition, alteration, membersBefore })
      if (sent.length === limits.electionsPerTransactionMax) break
    }
    return sent
  }

  async #send(brokerEpoch: number, sent: readonly Sent[]): Promise<void> {
    const { link, brokerId, log } = this.#parts
    try {
      const changes = sent.map(({ partition, alteration }) => changeOf(partition, alteration))
      const results = await link.alterPartitions({ brokerId, brokerEpoch, changes })
      assert(results.length === sent.length, 'an answer for each change')
      for (const [index, result] of results.entries()) {
        const one = sent[index]
        if (one !== undefined) this.#settle(one, result)
      }
    } catch (thrown) {
      const error = BusError.from(thrown)
      log.warn({ err: error, changes: sent.length }, 'in-sync replicas could not be changed')
      for (const { partition, alteration } of sent) {
        partition.settleAlteration(alteration, { kind: 'unknown' })
      }
    }
  }

  #settle({ partition, alteration, membersBefore }: Sent, { error, row }: PartitionAltered): void {
    const { traffic, log } = this.#parts
    const { topicId, index } = partition
    const members = alteration.proposal.members
    if (error === null && row !== null) {
      if (members.length < membersBefore) traffic.isrShrinks += 1
      if (members.length > membersBefore) traffic.isrExpands += 1
      log.info({ topicId, partition: index, members }, 'in-sync replicas have changed')
      partition.settleAlteration(alteration, { kind: 'committed', row })
      return
    }
    const level = error === 'METADATA_ROLLBACK' ? 'error' : 'debug'
    log[level]({ topicId, partition: index, members, error }, 'in-sync replicas were not changed')
    partition.settleAlteration(alteration, { kind: 'rejected', row })
  }
}

function changeOf({ topicId, index }: Partition, alteration: Alteration): PartitionAlteration {
  const { leaderEpoch, proposal, members } = alteration
  return {
    topicId,
    partition: index,
    leaderEpoch,
    partitionEpoch: proposal.partitionEpoch,
    inSyncReplicas: members.map(({ broker, brokerEpoch }) => ({ brokerId: broker, brokerEpoch })),
  }
}

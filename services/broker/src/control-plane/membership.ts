import type { BusError, Clock, MetadataPosition, Random } from '@courant/kernel'
import type { MetadataCopy } from '@courant/metadata'
import type { Logger } from '@courant/service-kit'
import type { DataDirectory } from '../directory/data-directory.ts'
import type { PartitionRegistry } from '../partition/partition-registry.ts'
import { NOT_LEADER, OFFLINE, STOPPING } from '../partition/refusals.ts'
import { BrokerSession, type BrokerStatus } from './broker-session.ts'
import type { BrokerStanding } from './broker-standing.ts'
import type { ControlPlaneLink, Registered, Registration } from './control-plane-link.ts'

export interface MembershipParts {
  readonly link: ControlPlaneLink
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly metadata: MetadataCopy
  readonly directory: DataDirectory
  readonly partitions: PartitionRegistry
  readonly broker: Pick<Registration, 'brokerId' | 'host' | 'port' | 'rack'>
}

/**
 * The copy of the metadata is looked at anew after this, to see whether the wait has a point still.
 */
const METADATA_WAIT_MS = 1_000

/**
 * When this broker may serve: from the moment that its registration is noted on the disk and its
 * metadata is as new as that, until the registration is void or the disk fails.
 */
export class Membership {
  readonly #parts: MembershipParts
  readonly #session: BrokerSession
  readonly #serving = Promise.withResolvers<void>()
  #running: Promise<void> = Promise.resolve()
  #registered: Registered | null = null
  #isServing = false
  #failure: BusError | Error | null = null

  constructor(parts: MembershipParts) {
    this.#parts = parts
    const { link, clock, random, log } = parts
    this.#session = new BrokerSession({
      link,
      clock,
      random,
      log,
      identity: () => this.#identity(),
      status: () => this.#status(),
      applied: () => this.#applied(),
      onRegistered: (registered) => this.#begin(registered),
      onFenced: () => this.#end(NOT_LEADER),
    })
  }

  /**
   * Resolves when the broker serves. Rejects when the control plane or the directory refuses it, or
   * with SHUTTING_DOWN when `stopping` aborts before that.
   */
  start(stopping: AbortSignal): Promise<void> {
    if (stopping.aborted) return Promise.reject(STOPPING)
    stopping.addEventListener('abort', () => this.#serving.reject(STOPPING), { once: true })
    this.#running = this.#session.run().catch((error: unknown) => {
      this.#failure = error instanceof Error ? error : new Error(String(error))
      this.#parts.log.fatal({ err: error }, 'this broker is no member of the cluster')
      this.#end(NOT_LEADER)
      this.#serving.reject(error)
    })
    return this.#serving.promise
  }

  /** Of the registration that stands; null while there is none. */
  get brokerEpoch(): number | null {
    return this.#registered?.brokerEpoch ?? null
  }

  /** See `BrokerSession`. */
  get isLeaseOver(): boolean {
    return this.#session.isLeaseOver
  }

  /** What keeps this broker from leading, as a sentence; null when nothing does. */
  get problem(): string | null {
    if (this.#failure !== null) return this.#failure.message
    if (this.#parts.directory.isOffline) return OFFLINE.detail
    if (!this.#isServing) return 'The broker is not registered with current metadata yet.'
    if (this.#session.state === 'active') return null
    return `The control plane has this broker as ${this.#session.state}.`
  }

  /** What is known here of this broker, without the control plane. */
  get standing(): BrokerStanding {
    const { directory, broker } = this.#parts
    const { brokerEpoch, directoryId } = directory.identity
    const { state } = this.#session
    const isServing = this.#isServing && (state === 'active' || state === 'draining')
    return { ...broker, brokerEpoch, directoryId, isServing, isIntact: directory.isIntact }
  }

  /** The disk failed: the control plane should hear of it before the next heartbeat is due. */
  storageFailed(): void {
    this.#end(OFFLINE)
    this.#session.nudge()
  }

  leave(timeoutMs: number): Promise<void> {
    return this.#session.leave(timeoutMs)
  }

  async close(): Promise<void> {
    this.#session.close()
    this.#registered = null
    await this.#running
  }

  #identity(): Omit<Registration, 'incarnationId'> {
    const { directory, broker } = this.#parts
    const { clusterId, directoryId, brokerEpoch } = directory.identity
    return {
      ...broker,
      clusterId,
      directoryId,
      previousBrokerEpoch: brokerEpoch,
      intact: directory.isIntact,
      seen: this.#seen(),
    }
  }

  #status(): BrokerStatus {
    const { metadata, directory } = this.#parts
    return {
      metadataVersion: metadata.version,
      storageOffline: directory.isOffline,
      ready: this.#isServing,
      seen: this.#seen(),
    }
  }

  #applied(): MetadataPosition {
    const { cluster, version } = this.#parts.metadata
    const clusterIncarnation = cluster?.clusterIncarnation ?? 0
    return { clusterIncarnation, metadataVersion: version }
  }

  /** What is told is on the disk, or on its way there: one write a heartbeat at most. */
  #seen(): MetadataPosition {
    const { metadata, directory } = this.#parts
    const { cluster, version } = metadata
    if (cluster !== null) {
      const { clusterIncarnation } = cluster
      directory.noteSeen({ clusterIncarnation, metadataVersion: version })
    }
    return directory.identity.seen
  }

  async #begin(registered: Registered): Promise<void> {
    const { directory, log } = this.#parts
    const { clusterId, brokerEpoch } = registered
    await directory.beginEpoch(clusterId, brokerEpoch)
    log.info({ brokerEpoch, clusterId }, 'registered with the control plane')
    this.#registered = registered
    void this.#serveWhenCurrent(registered)
  }

  /** Heartbeats go on meanwhile, and say that the broker is not ready. */
  async #serveWhenCurrent(registered: Registered): Promise<void> {
    const { metadata, directory, partitions, log } = this.#parts
    while (!(await metadata.atLeast(registered.metadataVersion, METADATA_WAIT_MS))) {
      if (this.#registered !== registered) return
    }
    if (this.#registered !== registered || directory.isOffline) return
    const { clusterId } = registered
    if (metadata.cluster?.clusterId !== clusterId) {
      log.fatal(
        { clusterId, metadata: metadata.cluster },
        'the metadata is that of another cluster',
      )
      return
    }
    this.#isServing = true
    partitions.open()
    this.#session.nudge()
    this.#serving.resolve()
  }

  #end(refusal: BusError): void {
    this.#registered = null
    this.#isServing = false
    this.#parts.partitions.close(refusal)
  }
}

/**
 * Keeps a MetadataCopy up to date, for as long as the process lives. Whatever goes wrong
 * (no connection, a broken stream, a damaged copy) ends in the same place: the next attempt asks
 * for what came after the copy's version, or for everything, at the next address. The copy stays
 * readable meanwhile.
 */
import {
  Audience,
  type Digest,
  type WatchMetadataRequest,
  type WatchMetadataResponse,
} from '@courant/api/internal/v1/metadata'
import {
  type Address,
  assert,
  BusError,
  type Clock,
  type MetadataPosition,
  type Random,
  wait,
} from '@courant/kernel'
import { type OpenWatch, openGrpcWatch } from './grpc-watch.ts'
import { type ClusterIdentity, MetadataCopy } from './metadata-copy.ts'
import type { MetadataState } from './metadata-state.ts'
import { WatchSession } from './watch-session.ts'

/** What happened to the watch; for logs and metrics. */
export type WatchEvent =
  | { readonly kind: 'connected'; readonly address: Address }
  | { readonly kind: 'disconnected'; readonly address: Address; readonly error: BusError }
  /** The whole copy was replaced. */
  | { readonly kind: 'snapshot'; readonly version: number }
  /** The copy differs from the control plane's at the same version: it is fetched anew. */
  | { readonly kind: 'digestMismatch'; readonly version: number }
  /**
   * The control plane offers an older state than was already applied: its database went back in
   * time (reliability B1.2). Nothing is applied until an operator has begun a new incarnation.
   */
  | { readonly kind: 'rollback'; readonly version: number; readonly offered: number }

export interface MetadataWatcherOptions {
  /** Addresses of control planes; any of them serves. */
  readonly addresses: readonly Address[]
  /** Brokers get no tenants and no keys. */
  readonly audience: 'gateway' | 'broker'
  readonly clock: Clock
  readonly random: Random
  /**
   * What this process knew before it began: older metadata of the cluster is refused from the first
   * answer on (B1.2).
   */
  readonly seen?: ClusterIdentity & MetadataPosition
  readonly onEvent?: (event: WatchEvent) => void
  /** Over gRPC if not given. */
  readonly openWatch?: OpenWatch
}

const BACKOFF_MS_MIN = 50
const BACKOFF_MS_MAX = 2_000

export class MetadataWatcher {
  readonly copy: MetadataCopy
  readonly #options: MetadataWatcherOptions
  readonly #stopping = new AbortController()
  #running: Promise<void> | null = null
  #connected = false
  /** Set when the copy cannot be trusted: the next watch asks for everything. */
  #startOver = false

  constructor(options: MetadataWatcherOptions) {
    assert(options.addresses.length > 0, 'a watcher needs an address')
    this.#options = options
    this.copy = new MetadataCopy(options.clock)
  }

  /** Whether the copy follows the control plane at this moment. */
  get connected(): boolean {
    return this.#connected
  }

  start(): void {
    assert(this.#running === null, 'a watcher starts once')
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { addresses, clock, random, openWatch = openGrpcWatch } = this.#options
    const { signal } = this.#stopping
    let failures = 0
    for (let attempt = 0; !signal.aborted; attempt++) {
      const address = addresses[attempt % addresses.length]
      assert(address !== undefined)
      const session = new WatchSession(address, { clock, openWatch }, signal)
      const error = await session.run(this.#request(), (response) =>
        this.#receive(response, session),
      )
      this.#connected = false
      if (signal.aborted) return
      this.#tell({ kind: 'disconnected', address, error })
      failures = session.hasReceived ? 0 : failures + 1
      const backoffMs = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** failures)
      await wait(clock, backoffMs * (0.5 + random.next() / 2), signal)
    }
  }

  #request(): WatchMetadataRequest {
    const cluster = this.copy.cluster
    return {
      audience:
        this.#options.audience === 'gateway' ? Audience.AUDIENCE_GATEWAY : Audience.AUDIENCE_BROKER,
      sinceVersion: this.#startOver ? 0 : this.copy.version,
      clusterId: cluster?.clusterId ?? '',
      clusterIncarnation: cluster?.clusterIncarnation ?? 0,
    }
  }

  /** Throws to end the session: the next one starts over, or waits for an operator. */
  #receive(response: WatchMetadataResponse, session: WatchSession): void {
    this.#refuseOtherCluster(response)
    if (!this.#connected) this.#tell({ kind: 'connected', address: session.address })
    this.#connected = true
    const { event } = response
    if (event?.$case === 'changes') {
      assert(!session.inSnapshot, 'changes within a snapshot')
      this.#startOver = true
      this.copy.applyChanges(event.value)
      this.#startOver = false
    } else if (event?.$case === 'digest') this.#compare(event.value)
    else if (event?.$case === 'snapshot') {
      const state = session.collect(event.value)
      if (state !== null) this.#adopt(state, event.value.version, response)
    }
  }

  #adopt(state: MetadataState, version: number, cluster: ClusterIdentity): void {
    const { clusterId, clusterIncarnation } = cluster
    this.copy.swap(state, version, { clusterId, clusterIncarnation })
    this.#startOver = false
    this.#tell({ kind: 'snapshot', version })
  }

  #compare(digest: Digest): void {
    if (digest.version !== this.copy.version || digest.sum === this.copy.digest) return
    this.#startOver = true
    this.#tell({ kind: 'digestMismatch', version: digest.version })
    throw new BusError('INTERNAL', 'The copy of the metadata differs from the original.')
  }

  /**
   * Epochs and versions of the past must never be believed (B1.2): an older state in the same
   * incarnation, or another cluster, is refused, and the copy that we have goes on serving.
   */
  #refuseOtherCluster({ clusterId, clusterIncarnation, event }: WatchMetadataResponse): void {
    const { seen } = this.#options
    const own = this.copy.cluster ?? seen
    if (own === undefined) return
    if (clusterId !== own.clusterId || clusterIncarnation < own.clusterIncarnation) {
      throw this.#refusal(event?.value.version ?? 0, 'belongs to another cluster')
    }
    if (clusterIncarnation === own.clusterIncarnation && event?.$case === 'snapshot') {
      const known = this.copy.cluster === null ? seen?.metadataVersion : this.copy.version
      if (event.value.version < (known ?? 0)) {
        throw this.#refusal(event.value.version, 'went back in time')
      }
    }
    if (clusterIncarnation > own.clusterIncarnation && event?.$case !== 'snapshot') {
      this.#startOver = true
      throw new BusError('INTERNAL', 'A new incarnation of the cluster begins with a snapshot.')
    }
  }

  #refusal(offered: number, why: string): BusError {
    this.#tell({ kind: 'rollback', version: this.copy.version, offered })
    return new BusError('INTERNAL', `METADATA_ROLLBACK: the control plane ${why}.`)
  }

  #tell(event: WatchEvent): void {
    this.#options.onEvent?.(event)
  }
}

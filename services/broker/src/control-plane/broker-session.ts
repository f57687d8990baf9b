import { BusError, type Clock, type MetadataPosition, type Random, wait } from '@courant/kernel'
import type { Logger } from '@courant/service-kit'
import type {
  ControlPlaneLink,
  HeartbeatAnswer,
  Registered,
  Registration,
} from './control-plane-link.ts'
import { Lease } from './lease.ts'

const BACKOFF_MS_MIN = 50
const BACKOFF_MS_MAX = 1_000
/** Heartbeats a session: three may get lost before the broker counts as gone. */
const HEARTBEATS_PER_SESSION = 4

/** What a heartbeat says of the broker at the moment that it is sent. */
export interface BrokerStatus {
  readonly metadataVersion: number
  readonly storageOffline: boolean
  readonly ready: boolean
  readonly seen: MetadataPosition
}

export interface BrokerSessionOptions {
  readonly link: ControlPlaneLink
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** What stays the same from one registration to the next. */
  readonly identity: () => Omit<Registration, 'incarnationId'>
  readonly status: () => BrokerStatus
  /** What of the metadata is applied here. */
  readonly applied: () => MetadataPosition
  /** A new epoch began. What it returns is awaited before the first heartbeat. */
  readonly onRegistered: (registered: Registered) => Promise<void>
  /** Another incarnation took over, or the session is void: nothing may be served any more. */
  readonly onFenced: () => void
}

/**
 * This broker's place in the cluster (reliability B2): registers, then sends heartbeats from the
 * event loop that serves, so that a loop that hangs loses its session. A stale epoch ends service
 * at once, before a new registration is tried.
 */
export class BrokerSession {
  readonly #options: BrokerSessionOptions
  readonly #lease: Lease
  readonly #stop = new AbortController()
  #state: HeartbeatAnswer['state'] | 'unregistered' = 'unregistered'
  #wantShutdown = false
  #mayStop: () => void = () => {}
  /** Cuts the pause between two heartbeats short. */
  #nudge = new AbortController()

  constructor(options: BrokerSessionOptions) {
    this.#options = options
    this.#lease = new Lease(options.clock, options.applied)
  }

  /** What the control plane last said of this broker. */
  get state(): HeartbeatAnswer['state'] | 'unregistered' {
    return this.#state
  }

  /** See `Lease`. */
  get isLeaseOver(): boolean {
    return this.#lease.isOver
  }

  /** Registers and goes on until `close`. Rejects only for a refusal that no retry can change. */
  async run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const registered = await this.#register()
      if (registered === null || this.#stop.signal.aborted) return
      await this.#options.onRegistered(registered)
      await this.#sendHeartbeats(registered)
    }
  }

  /**
   * Asks the control plane to move leaders away. Resolves when it has, when it cannot be asked, or
   * after `timeoutMs`.
   */
  async leave(timeoutMs: number): Promise<void> {
    const left = new AbortController()
    this.#mayStop = () => left.abort()
    this.#wantShutdown = true
    this.nudge()
    await wait(this.#options.clock, timeoutMs, left.signal)
  }

  /** Sends the next heartbeat now: something changed that the control plane waits for. */
  nudge(): void {
    this.#nudge.abort()
  }

  close(): void {
    this.#stop.abort()
    this.#nudge.abort()
  }

  /** Null when stopped meanwhile. The same incarnation in every attempt: only one can have won. */
  async #register(): Promise<Registered | null> {
    const { link, random, log, identity } = this.#options
    const incarnationId = random.uuid()
    for (let attempt = 0; !this.#stop.signal.aborted; attempt++) {
      try {
        return await link.register({ ...identity(), incarnationId })
      } catch (error) {
        const failure = BusError.from(error)
        // An operator ends a rollback while this process waits.
        const isFinal = !failure.facts.retriable && failure.code !== 'METADATA_ROLLBACK'
        if (isFinal) throw failure
        log.warn({ err: failure, attempt }, 'the broker could not register yet')
        await this.#backOff(attempt)
      }
    }
    return null
  }

  #backOff(attempt: number): Promise<void> {
    const { clock, random } = this.#options
    const longest = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** attempt)
    return wait(clock, longest * (0.5 + random.next() / 2), this.#stop.signal)
  }

  /** Until stopped or fenced. A failed call changes nothing: leaders go on (static stability). */
  async #sendHeartbeats(registered: Registered): Promise<void> {
    const { clock, log } = this.#options
    const { sessionTimeoutMs } = registered
    const intervalMs = sessionTimeoutMs / HEARTBEATS_PER_SESSION
    while (!this.#stop.signal.aborted) {
      this.#nudge = new AbortController()
      const isLeaving = this.#wantShutdown
      const sentAtMs = clock.monotonicMs()
      try {
        const answer = await this.#sendHeartbeat(registered.brokerEpoch)
        this.#state = answer.state
        this.#renewLease(answer, { sentAtMs, sessionTimeoutMs })
        if (answer.mayStop && isLeaving) this.#mayStop()
      } catch (error) {
        const failure = BusError.from(error)
        log.warn({ err: failure }, 'a heartbeat failed')
        if (isLeaving) this.#mayStop()
        if (failure.code === 'STALE_BROKER_EPOCH') return this.#fenced()
      }
      await wait(clock, intervalMs, this.#nudge.signal)
    }
  }

  #renewLease(
    { state, renewedAt }: HeartbeatAnswer,
    session: { readonly sentAtMs: number; readonly sessionTimeoutMs: number },
  ): void {
    // A fenced broker leads nothing, whatever its metadata say that are on their way.
    if (state === 'fenced') this.#lease.end()
    else if (renewedAt !== undefined) this.#lease.renew({ ...session, renewedAt })
  }

  #fenced(): void {
    this.#state = 'unregistered'
    this.#lease.end()
    this.#options.onFenced()
  }

  #sendHeartbeat(brokerEpoch: number): Promise<HeartbeatAnswer> {
    const { link, identity, status } = this.#options
    const { brokerId } = identity()
    return link.sendHeartbeat({
      brokerId,
      brokerEpoch,
      ...status(),
      wantShutdown: this.#wantShutdown,
    })
  }
}

import { BrokerConnection, fetchApi, NO_ERROR, type ResponseOf } from '@courant/kafka-protocol'
import {
  type Address,
  type BrokerId,
  BusError,
  type Clock,
  giveBack,
  limits,
  type Network,
  type Random,
  wait,
} from '@courant/kernel'
import { type FetchPosition, FetchSession } from '@courant/replication'
import type { Logger } from '@courant/service-kit'
import type { Partition } from '../partition/partition.ts'
import type { PartitionRegistry } from '../partition/partition-registry.ts'
import type { Replica } from '../partition/replica.ts'
import type { Traffic } from '../partition/traffic.ts'
import { fetchedReplica, fetchFrame } from './fetch-frame.ts'
import type { ReassignmentThrottle } from './reassignment-throttle.ts'

export interface ReplicaFetcherParts {
  readonly network: Network
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly traffic: Traffic
  readonly partitions: () => PartitionRegistry
  readonly throttle: ReassignmentThrottle
}

export interface FetchedLeader {
  readonly brokerId: BrokerId
  readonly address: Address
}

/** Beyond what the leader waits: its disk may have to be asked. */
const ANSWER_MS_MAX = 5_000 + limits.replicaFetchWaitMsMax
const HANDSHAKE_MS_MAX = 3_000
/** After an error of one partition: its leader is about to begin, or there is another. */
const PAUSE_MS = 50
const BACKOFF_MS_MIN = 50
const BACKOFF_MS_MAX = 1_000

type Fetched = ResponseOf<typeof fetchApi>

/**
 * Fetches all that one leader has for this broker, in one session over one connection. The next
 * fetch leaves when what the last one brought is on the disk, and thereby reports it (D6 rule 4).
 * Only what has joined meanwhile goes ahead of that, in a second fetch: a new leader is not to wait
 * for a long poll to end.
 */
export class ReplicaFetcher {
  readonly #parts: ReplicaFetcherParts
  readonly #leader: FetchedLeader
  readonly #self: { readonly brokerId: BrokerId; readonly brokerEpoch: number }
  readonly #session = new FetchSession<Partition>()
  readonly #replicas = new Map<Partition, Replica>()
  readonly #stop = new AbortController()
  #connection: BrokerConnection | null = null
  #inFlight = 0
  /** What the last answer brought, on its way to the disk. */
  #applying = 0
  #failures = 0
  #running: Promise<void> | null = null

  constructor(
    parts: ReplicaFetcherParts,
    leader: FetchedLeader,
    self: { readonly brokerId: BrokerId; readonly brokerEpoch: number },
  ) {
    this.#parts = parts
    this.#leader = leader
    this.#self = self
  }

  get leader(): FetchedLeader {
    return this.#leader
  }

  get isIdle(): boolean {
    return this.#replicas.size === 0
  }

  add(partition: Partition, replica: Replica): void {
    this.#replicas.set(partition, replica)
    this.#ask(partition, replica)
  }

  remove(partition: Partition): void {
    this.#replicas.delete(partition)
    this.#parts.throttle.forget(partition)
    this.#session.forget(partition)
    this.#pump()
  }

  stop(): void {
    this.#stop.abort()
    for (const partition of this.#replicas.keys()) this.#parts.throttle.forget(partition)
    this.#replicas.clear()
    this.#connection?.close()
  }

  #ask(partition: Partition, replica: Replica): void {
    if (!this.#fetches(partition, replica)) return
    const { throttle } = this.#parts
    if (!throttle.holds(partition, replica)) {
      this.#askNow(partition, replica, {})
      return
    }
    // What a session has is asked again when its connection breaks.
    this.#session.forget(partition)
    throttle.wait(partition, (bytesMax) => this.#askNow(partition, replica, { bytesMax }))
  }

  /** Returns whether it is asked for; otherwise perhaps later. */
  #askNow(partition: Partition, replica: Replica, share: { readonly bytesMax?: number }): boolean {
    if (!this.#fetches(partition, replica)) return false
    const position = replica.position()
    if (position === null) {
      this.#askLater(partition, replica)
      return false
    }
    this.#session.ask(partition, { ...position, ...share })
    this.#pump()
    return true
  }

  #fetches(partition: Partition, replica: Replica): boolean {
    return this.#replicas.get(partition) === replica && !replica.isEnded
  }

  #askLater(partition: Partition, replica: Replica): void {
    if (this.#stop.signal.aborted) return
    this.#parts.clock.setTimer(PAUSE_MS, () => this.#ask(partition, replica))
  }

  /** Sends what may be sent now. */
  #pump(): void {
    if (this.#stop.signal.aborted) return
    const connection = this.#connection
    if (connection === null) {
      if (this.#session.size > 0) this.#running ??= this.#connect()
      return
    }
    const isFree = this.#inFlight === 0 && this.#applying === 0 && this.#session.size > 0
    const mayOvertake = this.#inFlight === 1 && this.#session.isEstablished
    if (isFree || (mayOvertake && this.#session.hasChanges)) this.#fetch(connection)
  }

  async #connect(): Promise<void> {
    const { network, clock, random, log } = this.#parts
    const { address } = this.#leader
    if (this.#failures > 0) {
      const longest = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** this.#failures)
      await wait(clock, longest * (0.5 + random.next() / 2), this.#stop.signal)
    }
    try {
      if (this.#stop.signal.aborted) return
      const connection = await BrokerConnection.open({
        network,
        clock,
        address,
        clientId: `replica-${this.#self.brokerId}`,
        handshakeTimeoutMs: HANDSHAKE_MS_MAX,
        answerOrder: 'in-order',
        answerMemory: 'own',
        onClose: () => this.#lost(connection),
      })
      if (this.#stop.signal.aborted) connection.close()
      else if (connection.isOpen) this.#connection = connection
      else this.#failures += 1
    } catch (error) {
      this.#failures += 1
      log.debug({ err: error, leader: this.#leader }, 'a leader cannot be reached')
    } finally {
      this.#running = null
    }
    this.#pump()
  }

  #lost(connection: BrokerConnection): void {
    if (this.#connection !== connection) return
    connection.close()
    this.#connection = null
    this.#inFlight = 0
    this.#failures += 1
    this.#session.reset()
    this.#pump()
  }

  #fetch(connection: BrokerConnection): void {
    const { number, request } = this.#session.next()
    this.#inFlight += 1
    connection
      .request(fetchApi, fetchFrame(request, this.#self), ANSWER_MS_MAX)
      .then((answer) => this.#receive(connection, answer, number))
      .catch((thrown: unknown) => {
        const error = BusError.from(thrown)
        this.#parts.log.debug({ err: error, leader: this.#leader }, 'a fetch has failed')
        this.#lost(connection)
      })
  }

  async #receive(connection: BrokerConnection, answer: Fetched, number: number): Promise<void> {
    if (this.#connection !== connection) return
    if (answer.errorCode !== NO_ERROR) {
      this.#lost(connection)
      return
    }
    if (!this.#session.isEstablished) this.#session.established(answer.sessionId)
    this.#failures = 0
    this.#inFlight -= 1
    this.#applying += 1
    try {
      await Promise.all(this.#answered(answer, number).map((fetched) => this.#apply(fetched)))
      giveBackRecords(answer)
    } finally {
      this.#applying -= 1
    }
    this.#pump()
  }

  /** The entries of an answer, each with what it is about. */
  #answered({ topics }: Fetched, number: number) {
    const partitions = this.#parts.partitions()
    return topics.flatMap(({ topic, partitions: entries }) =>
      entries.flatMap((entry) => {
        const partition = partitions.find(topic, entry.partition)
        const replica = partition === null ? undefined : this.#replicas.get(partition)
        if (partition === null || replica === undefined) return []
        const position = this.#session.answered(partition, number)
        return position === null ? [] : [{ partition, replica, position, entry }]
      }),
    )
  }

  async #apply({
    partition,
    replica,
    position,
    entry,
  }: {
    readonly partition: Partition
    readonly replica: Replica
    readonly position: FetchPosition
    readonly entry: Fetched['topics'][number]['partitions'][number]
  }): Promise<void> {
    const fetched = fetchedReplica(entry)
    const size = fetched.records?.length ?? 0
    this.#parts.traffic.replicatedInBytes += size
    this.#parts.throttle.settle(partition, position.bytesMax ?? null, size)
    const next = await replica.receive(position, fetched)
    if (next === 'ask') this.#ask(partition, replica)
    else if (next === 'pause') this.#askLater(partition, replica)
  }
}

/** They are in the ring: nobody looks any more at the memory that the answer has had alone. */
function giveBackRecords({ topics }: Fetched): void {
  for (const { partitions } of topics) {
    for (const { records } of partitions) {
      if (records === null || records.length === 0) continue
      giveBack(Buffer.from(records.buffer))
      return
    }
  }
}

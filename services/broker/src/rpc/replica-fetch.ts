import {
  type Exchange,
  type fetchApi,
  kafkaCodeOf,
  NO_ERROR,
  type RequestOf,
} from '@courant/kafka-protocol'
import { brokerId, type Clock, limits } from '@courant/kernel'
import type { Asked } from '@courant/replication'
import type { Partition } from '../partition/partition.ts'
import type { PartitionRegistry } from '../partition/partition-registry.ts'
import { expected } from '../partition/refusals.ts'
import type { ReplicaSession } from '../replication/replica-session.ts'
import {
  FETCH_SESSION_ID_NOT_FOUND,
  INVALID_FETCH_SESSION_EPOCH,
  type ReplicaSessions,
} from '../replication/replica-sessions.ts'
import type { RequestCounts } from '../request-counts.ts'
import { AnswerRoom, type Urgency } from './answer-room.ts'
import type { Deadlines, Expiring } from './deadlines.ts'
import type { FetchResponse } from './fetch-operation.ts'
import { positionOf, ReplicaFetchEntry } from './replica-fetch-entry.ts'
import { unknownPartition } from './unknown-partition.ts'

type FetchRequest = RequestOf<typeof fetchApi>
type FetchExchange = Exchange<FetchResponse>

export interface ReplicaFetchParts {
  readonly partitions: PartitionRegistry
  readonly clock: Clock
  readonly sessions: ReplicaSessions
  readonly deadlines: Deadlines
  readonly counts: RequestCounts
}

/**
 * Serves Fetch to a follower, in an incremental session: a request names what has changed since the
 * last one, and an answer what there is to tell. It comes as soon as there are records, an error or
 * a new log start, and else after `maxWaitMs`.
 */
export function serveReplicaFetch(
  request: FetchRequest,
  exchange: FetchExchange,
  parts: ReplicaFetchParts,
): void {
  const session = sessionOf(request, parts.sessions)
  if (typeof session === 'number') {
    parts.counts.add('Fetch', session)
    exchange.respond({ throttleTimeMs: 0, errorCode: session, topics: [] })
    return
  }
  new ReplicaFetch(session, request, exchange, parts).begin(request)
}

/** The session, or Kafka's number for why there is none. */
function sessionOf(request: FetchRequest, sessions: ReplicaSessions): ReplicaSession | number {
  const { sessionId, sessionEpoch, replicaState } = request
  const replicaId = brokerId(request.replicaId)
  const brokerEpoch = replicaState?.replicaEpoch ?? -1
  try {
    if (sessionId === 0) return sessions.begin(replicaId, brokerEpoch)
    const session = sessions.find(replicaId, brokerEpoch, sessionId)
    if (session === null) return FETCH_SESSION_ID_NOT_FOUND
    return session.known.accept(sessionEpoch) ? session : INVALID_FETCH_SESSION_EPOCH
  } catch (thrown) {
    return kafkaCodeOf(expected(thrown))
  }
}

/** One fetch. States: reading → waiting → reading … → done. */
class ReplicaFetch implements Expiring {
  readonly deadlineMs: number
  earlier: Expiring | null = null
  later: Expiring | null = null
  readonly #session: ReplicaSession
  readonly #exchange: FetchExchange
  readonly #parts: ReplicaFetchParts
  readonly #room: AnswerRoom
  #topics = new Map<string, ReplicaFetchEntry[]>()
  #isWorthAnAnswer = false
  #state: 'reading' | 'waiting' | 'done' = 'reading'
  /** Whether the next turn ends in the answer, be there much or little. */
  #isLastTurn = false
  #isOvertaken = false
  #wokenAgain = false

  constructor(
    session: ReplicaSession,
    request: FetchRequest,
    exchange: FetchExchange,
    parts: ReplicaFetchParts,
  ) {
    this.#session = session
    this.#exchange = exchange
    this.#parts = parts
    const bytesMax = Math.min(Math.max(request.maxBytes, 0), limits.replicaFetchBytesMax)
    this.#room = new AnswerRoom(bytesMax)
    const waitMs = Math.min(Math.max(request.maxWaitMs, 0), limits.brokerWaitMsMax)
    this.deadlineMs = Math.ceil(parts.clock.monotonicMs() + waitMs)
  }

  begin({ topics, forgottenTopics }: FetchRequest): void {
    const { partitions } = this.#parts
    for (const { topic, partitions: forgotten } of forgottenTopics) {
      for (const index of forgotten) {
        const partition = partitions.find(topic, index)
        if (partition !== null) this.#session.forget(partition)
      }
    }
    this.#session.wait(this)
    for (const { topic, partitions: asked } of topics) {
      for (const each of asked) {
        const partition = partitions.find(topic, each.partition)
        if (partition !== null) this.#session.ask(partition, positionOf(each))
        else this.#add(topic, ReplicaFetchEntry.failed(each.partition, unknownPartition()))
      }
    }
    void this.#takeTurn()
  }

  /** All that happens in one turn of the loop goes into one answer. */
  wake(): void {
    if (this.#state === 'reading') this.#wokenAgain = true
    if (this.#state !== 'waiting') return
    this.#state = 'reading'
    queueMicrotask(() => void this.#takeTurn())
  }

  /**
   * Another fetch of the session has come. What that one asks belongs into its own answer: in this
   * one the follower would not look for it, and be without.
   */
  finish(): void {
    this.#isOvertaken = true
    this.#isLastTurn = true
    if (this.#state === 'waiting') this.#respond()
  }

  /** The wait is over: the answer is what there is. */
  expire(): void {
    this.#isLastTurn = true
    this.wake()
  }

  async #takeTurn(): Promise<void> {
    this.#wokenAgain = false
    const offsetsOnly: { asked: Asked<Partition>; entry: ReplicaFetchEntry }[] = []
    const taken = this.#isOvertaken ? [] : this.#session.known.take()
    for (const { asked, urgency } of this.#inOrder(taken)) {
      const room = this.#room.of(urgency, asked.position.bytesMax ?? Number.POSITIVE_INFINITY)
      if (room === null) {
        this.#session.known.putBack(asked, 'records')
        continue
      }
      const entry = new ReplicaFetchEntry(asked.partition.index)
      const reading = entry.read(asked, this.#session, room)
      if (reading !== undefined) await reading
      this.#room.take(urgency, entry.size)
      // What had no room goes on waiting first of all: an answer without its records would be taken
      // for the end of the log, and nothing came before the next append.
      if (entry.isFinal) this.#tell(asked, entry)
      else if (hasMore(asked)) this.#session.known.putBack(asked, 'records')
      else if (entry.logStartOffset > asked.logStartOffset) this.#tell(asked, entry)
      else if (entry.highWatermark > asked.highWatermark) offsetsOnly.push({ asked, entry })
    }
    this.#decide(offsetsOnly)
  }

  /** What is in sync comes first: its report is what appends wait for. */
  #inOrder(taken: readonly Asked<Partition>[]) {
    const { brokerId } = this.#session
    const inSync: { asked: Asked<Partition>; urgency: Urgency }[] = []
    const late: typeof inSync = []
    for (const asked of taken) {
      const members = asked.partition.leadership?.replicas.inSyncReplicas
      if (members?.includes(brokerId)) inSync.push({ asked, urgency: 'inSync' })
      else late.push({ asked, urgency: 'late' })
    }
    return late.length === 0 ? inSync : [...inSync, ...late]
  }

  #decide(offsetsOnly: readonly { asked: Asked<Partition>; entry: ReplicaFetchEntry }[]): void {
    if (this.#isWorthAnAnswer || this.#isLastTurn || !this.#exchange.peer.isOpen) {
      for (const { asked, entry } of offsetsOnly) this.#tell(asked, entry)
      this.#respond()
      return
    }
    for (const { asked } of offsetsOnly) this.#session.known.putBack(asked, 'offsets')
    this.#state = 'waiting'
    this.#parts.deadlines.add(this)
    if (this.#wokenAgain) this.wake()
  }

  #tell(asked: Asked<Partition>, entry: ReplicaFetchEntry): void {
    this.#session.known.tell(asked, entry)
    this.#add(asked.partition.topicId, entry)
  }

  #add(topic: string, entry: ReplicaFetchEntry): void {
    const entries = this.#topics.get(topic) ?? []
    entries.push(entry)
    this.#topics.set(topic, entries)
    this.#isWorthAnAnswer = true
  }

  #respond(): void {
    this.#state = 'done'
    this.#session.done(this)
    this.#parts.deadlines.remove(this)
    const topics = [...this.#topics].map(([topic, partitions]) => ({ topic, partitions }))
    const entries = topics.flatMap(({ partitions }) => partitions)
    const failed = entries.find(({ errorCode }) => errorCode !== NO_ERROR)
    this.#parts.counts.add('Fetch', failed?.errorCode ?? NO_ERROR)
    const sessionId = this.#session.known.id
    this.#exchange.respond({ throttleTimeMs: 0, sessionId, topics }, this.#room.bytes, () => {
      for (const entry of entries) entry.release()
    })
  }
}

/** Its records did not fit into what was left of the answer. */
function hasMore({ partition, position }: Asked<Partition>): boolean {
  const { leadership } = partition
  return leadership !== null && leadership.log.appendedEnd > position.offset
}

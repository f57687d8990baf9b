import {
  type BrokerConnection,
  errorFromKafka,
  NO_ERROR,
  produceApi,
  type ResponseOf,
} from '@courant/kafka-protocol'
import { BusError, type TopicId } from '@courant/kernel'
import type { Appended, BatchSender } from '../accumulator/batch-sender.ts'
import type { Acks } from '../accumulator/waiting-batch.ts'
import type { Leaders } from './leaders.ts'

const ACKS: Readonly<Record<Acks, number>> = { all: -1, leader: 1 }
type PartitionAnswer = ResponseOf<typeof produceApi>['topics'][number]['partitions'][number]

/** The broker's own time-out comes first: it knows more about what happened. */
const GRACE_MS = 1_000

/**
 * From so many partitions of a topic on, batches that leave in one turn share requests: a request
 * of its own costs a partition more than its few records do. Fewer travel alone, so that one
 * partition that has to wait for its replicas does not hold up the others.
 */
const SHARED_MIN = 32
/** One request carries at most so many batches, and so many bytes, give or take a batch. */
const SHARED_MAX = 512
const SHARED_BYTES = 1024 * 1024

/** A batch that waits for the end of this turn to be sent. */
interface Outgoing {
  readonly partition: number
  readonly batch: Buffer
  readonly timeoutMs: number
  readonly maySend: () => boolean
  readonly resolve: (appended: Appended) => void
  readonly reject: (error: BusError) => void
}

/** Those that may share a request: a topic is one tenant's, so nobody waits for another tenant. */
interface Group {
  readonly connection: BrokerConnection
  readonly topicId: TopicId
  readonly acks: Acks
  readonly batches: Outgoing[]
}

/** Sends batches to the leaders of their partitions, one try at a time. */
export class ProduceSender implements BatchSender {
  readonly #leaders: Leaders
  #groups = new Map<BrokerConnection, Map<string, Group>>()

  constructor(leaders: Leaders) {
    this.#leaders = leaders
  }

  leader(topicId: TopicId, partition: number): number | null {
    return this.#leaders.leader(topicId, partition)
  }

  /** No async function: that is two promises and three turns of the microtasks more a batch. */
  send(
    topicId: TopicId,
    partition: number,
    batch: Buffer,
    acks: Acks,
    timeoutMs: number,
    maySend: () => boolean,
  ): Promise<Appended> {
    return new Promise((resolve, reject) => {
      const outgoing = { partition, batch, timeoutMs, maySend, resolve, reject }
      const add = (connection: BrokerConnection): void => {
        this.#group(connection, topicId, acks).batches.push(outgoing)
      }
      // What this throws rejects the promise.
      const found = this.#leaders.connection(topicId, partition)
      if (found instanceof Promise) found.then(add, reject)
      else add(found)
    })
  }

  #group(connection: BrokerConnection, topicId: TopicId, acks: Acks): Group {
    if (this.#groups.size === 0) queueMicrotask(() => this.#flush())
    const groups = this.#groups.get(connection) ?? new Map<string, Group>()
    this.#groups.set(connection, groups)
    const key = `${acks}/${topicId}`
    const group = groups.get(key) ?? { connection, topicId, acks, batches: [] }
    groups.set(key, group)
    return group
  }

  #flush(): void {
    const byConnection = this.#groups
    this.#groups = new Map()
    for (const groups of byConnection.values()) {
      for (const group of groups.values()) sendGroup(group)
    }
  }
}

function sendGroup(group: Group): void {
  const { batches } = group
  const countMax = batches.length < SHARED_MIN ? 1 : SHARED_MAX
  let start = 0
  let bytes = 0
  for (let index = 0; index < batches.length; index += 1) {
    bytes += batches[index]?.batch.length ?? 0
    const isFull = index + 1 - start === countMax || bytes >= SHARED_BYTES
    if (!isFull && index + 1 < batches.length) continue
    void sendTogether(group, batches.slice(start, index + 1))
    start = index + 1
    bytes = 0
  }
}

/** Sends what is still wanted, in one request, and tells each batch its outcome. */
async function sendTogether(group: Group, batches: readonly Outgoing[]): Promise<void> {
  const { connection, topicId, acks } = group
  const sent = batches.filter((batch) => batch.maySend() || refuse(batch, notReached()))
  if (sent.length === 0) return
  const timeoutMs = sent.reduce((most, batch) => Math.max(most, batch.timeoutMs), 0)
  const partitions = sent.map(({ partition, batch }) => ({ index: partition, records: batch }))
  const topics = [{ name: topicId, partitions }]
  try {
    const request = { transactionalId: null, acks: ACKS[acks], timeoutMs, topics }
    const response = await connection.request(produceApi, request, timeoutMs + GRACE_MS)
    const answers = new Map(
      response.topics[0]?.partitions.map((answer) => [answer.index, answer] as const),
    )
    for (const batch of sent) settle(batch, answers.get(batch.partition))
  } catch (thrown) {
    const error = BusError.from(thrown)
    // The broker had its own time-out to answer with: perhaps it is no longer there.
    if (error.code === 'TIMED_OUT') connection.close()
    for (const batch of sent) batch.reject(error)
  }
}

function settle(batch: Outgoing, answer: PartitionAnswer | undefined): void {
  if (answer === undefined) {
    batch.reject(new BusError('INTERNAL', 'The broker answered something else.'))
  } else if (answer.errorCode !== NO_ERROR) {
    batch.reject(refusal(errorFromKafka(answer.errorCode, answer.errorMessage, 'write')))
  } else {
    batch.resolve({ baseOffset: answer.baseOffset, appendTime: answer.logAppendTimeMs })
  }
}

function refuse(batch: Outgoing, error: BusError): false {
  batch.reject(error)
  return false
}

function notReached(): BusError {
  return new BusError('BROKER_UNAVAILABLE', 'The broker could not be reached in time.')
}

/**
 * Our metadata has the topic, or nothing would have been sent: a broker that has not heard of it
 * yet will in a moment, and is until then no other case than a broker that does not lead.
 */
function refusal(error: BusError): BusError {
  if (error.code !== 'TOPIC_NOT_FOUND' && error.code !== 'PARTITION_NOT_FOUND') return error
  return new BusError('NOT_LEADER', 'The leader of the partition does not serve it yet.', {
    cause: error,
  })
}

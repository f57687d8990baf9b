import {
  deleteRecordsApi,
  type Exchange,
  fetchApi,
  initProducerIdApi,
  listOffsetsApi,
  listOffsetsTimestamp,
  produceApi,
  type RequestOf,
  RequestRouter,
  type ResponseInputOf,
  ServerConnection,
} from '@courant/kafka-protocol'
import { type Address, type Listener, type Offset, systemClock } from '@courant/kernel'
import { RecordBatch, RecordCursor, verifyProduced } from '@courant/record-batch'
import { nodeNetwork } from '@courant/service-kit'

type ProduceRequest = RequestOf<typeof produceApi>
type FetchRequest = RequestOf<typeof fetchApi>
type FetchResponse = ResponseInputOf<typeof fetchApi>

/**
 * What the broker does with the next produces: serve, fail with a Kafka error, keep silent, or
 * append and break the connection before the answer.
 */
export type ProduceMood =
  | { readonly error: number; readonly message?: string }
  | 'serve'
  | 'silent'
  | 'break'

const OFFSET_OUT_OF_RANGE = 1
const NO_ERROR = 0
const COORDINATOR_NOT_AVAILABLE = 15
const OUT_OF_ORDER_SEQUENCE_NUMBER = 45
const INVALID_PRODUCER_EPOCH = 47
const EMPTY = Buffer.alloc(0)

interface Log {
  readonly batches: Buffer[]
  start: number
  end: number
  /** By producer id: its newest batch, and where that begins. */
  readonly producers: Map<number, { readonly batch: RecordBatch; readonly baseOffset: number }>
}

/** What brokers that replicate each other's logs have in common. */
class Cluster {
  readonly #logs = new Map<string, Log>()
  #producerId = 0

  log(key: string): Log {
    const log = this.#logs.get(key) ?? { batches: [], start: 0, end: 0, producers: new Map() }
    this.#logs.set(key, log)
    return log
  }

  nextProducerId(): number {
    this.#producerId += 1
    return this.#producerId
  }
}

/**
 * A broker of the real protocol on a real socket, with its logs in memory and moods that a test can
 * set. It checks every batch as a broker does.
 */
export class MemoryBroker {
  mood: ProduceMood = 'serve'
  /** Produces that arrived, in order, whatever became of them. */
  readonly received: { readonly partition: number; readonly acks: number; records: number }[] = []
  /** Whether it gives ids to producers. */
  givesIds = true
  /** Requests that they came in. */
  produceCount = 0
  /** The most fetches that ever waited at one time. */
  waitingPeak = 0
  /** Bytes of records in all answers to fetches. */
  fetchedBytes = 0
  readonly #cluster: Cluster
  readonly #connections = new Set<ServerConnection>()
  readonly #failing = new Map<number, number>()
  #held: (() => void)[] = []
  readonly #waiters = new Set<() => void>()
  #listener: Listener | null = null
  #router = new RequestRouter()

  static async start(address: Address = { host: '127.0.0.1', port: 0 }): Promise<MemoryBroker> {
    return new MemoryBroker(new Cluster()).#start(address)
  }

  private constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  /** Another broker, with a replica of every log. */
  startReplica(): Promise<MemoryBroker> {
    return new MemoryBroker(this.#cluster).#start({ host: '127.0.0.1', port: 0 })
  }

  async #start(address: Address): Promise<MemoryBroker> {
    this.#router
      .on(produceApi, (request, exchange) => this.#produce(request, exchange))
      .on(fetchApi, (request, exchange) => this.#fetch(request, exchange))
      .on(listOffsetsApi, (request, exchange) => {
        exchange.respond({
          topics: request.topics.map(({ name, partitions }) => ({
            name,
            partitions: partitions.map(({ partitionIndex, timestamp }) => {
              const offset = this.#find(this.log(name, partitionIndex), timestamp)
              return { partitionIndex, errorCode: NO_ERROR, timestamp: -1, offset }
            }),
          })),
        })
      })
    this.#router.on(deleteRecordsApi, (request, exchange) => {
      exchange.respond({
        throttleTimeMs: 0,
        topics: request.topics.map(({ name, partitions }) => ({
          name,
          partitions: partitions.map(({ partitionIndex, offset }) =>
            deleted(this.log(name, partitionIndex), partitionIndex, offset),
          ),
        })),
      })
    })
    this.#router.on(initProducerIdApi, (_request, exchange) => {
      const errorCode = this.givesIds ? NO_ERROR : COORDINATOR_NOT_AVAILABLE
      const producerId = this.givesIds ? this.#cluster.nextProducerId() : -1
      exchange.respond({ throttleTimeMs: 0, errorCode, producerId, producerEpoch: 0 })
    })
    await this.listen(address)
    return this
  }

  get address(): Address {
    return this.#listener?.address ?? { host: '127.0.0.1', port: 0 }
  }

  async listen(address: Address): Promise<void> {
    this.#listener = await nodeNetwork.listen(address, (connection) => {
      const { server, events } = ServerConnection.accept(connection, {
        router: this.#router,
        onClose: () => this.#connections.delete(server),
      })
      this.#connections.add(server)
      return events
    })
  }

  async stop(): Promise<void> {
    this.dropConnections()
    await this.#listener?.close()
  }

  dropConnections(): void {
    for (const connection of this.#connections) connection.destroy()
  }

  /** Fetches that wait for a record. */
  get waitingCount(): number {
    return this.#waiters.size
  }

  log(topicId: string, partition: number): Log {
    const key = `${topicId}/${partition}`
    return this.#cluster.log(key)
  }

  /** Appends a batch as another client would have. */
  append(topicId: string, partition: number, batch: Buffer): number {
    const log = this.log(topicId, partition)
    const view = new RecordBatch(batch)
    const baseOffset = log.end
    view.stampBaseOffset(baseOffset as Offset)
    log.batches.push(batch)
    log.end = view.nextOffset
    for (const waiter of this.#waiters) waiter()
    return baseOffset
  }

  /** Every produce to the partition fails; null ends that. */
  failPartition(partition: number, error: number | null): void {
    if (error === null) this.#failing.delete(partition)
    else this.#failing.set(partition, error)
  }

  /** Drops what silence has kept waiting. */
  forget(): void {
    this.#held = []
    this.mood = 'serve'
  }

  /** Serves what silence has kept waiting. */
  speak(): void {
    this.mood = 'serve'
    const held = this.#held
    this.#held = []
    for (const serve of held) serve()
  }

  #produce(request: ProduceRequest, exchange: Exchange<ResponseInputOf<typeof produceApi>>): void {
    const [topic] = request.topics
    if (topic === undefined) {
      exchange.skip()
      return
    }
    this.produceCount += 1
    const batches = topic.partitions.map(({ index, records }) => {
      const batch = new RecordBatch(Buffer.from(records ?? EMPTY))
      batch.verify()
      verifyProduced(batch)
      this.received.push({ partition: index, acks: request.acks, records: batch.recordCount })
      return { index, batch }
    })
    const { mood } = this
    const answer = (): void => {
      const partitions = batches.map(({ index, batch }) => {
        const failing = this.#failing.get(index)
        const errorCode = failing ?? (typeof mood === 'object' ? mood.error : NO_ERROR)
        const errorMessage = typeof mood === 'object' ? (mood.message ?? null) : null
        if (errorCode !== NO_ERROR) return { ...NOWHERE, index, errorCode, errorMessage }
        return { ...NOWHERE, index, errorMessage, ...this.#appendOnce(topic.name, index, batch) }
      })
      if (mood === 'break') {
        this.mood = 'serve'
        exchange.skip()
        this.dropConnections()
        return
      }
      exchange.respond({ throttleTimeMs: 0, topics: [{ name: topic.name, partitions }] })
    }
    const fails = batches.some(({ index }) => this.#failing.has(index))
    if (mood === 'silent' && !fails) this.#held.push(answer)
    else answer()
  }

  /** What Kafka does for idempotent producers that have one batch in flight. */
  #appendOnce(topicId: string, partition: number, batch: RecordBatch) {
    const { producers } = this.log(topicId, partition)
    const { producerId, producerEpoch, baseSequence, lastSequence } = batch
    const before = producers.get(producerId)
    const isSameEpoch = before?.batch.producerEpoch === producerEpoch
    if (before !== undefined && before.batch.producerEpoch > producerEpoch) {
      return { errorCode: INVALID_PRODUCER_EPOCH }
    }
    if (before !== undefined && isSameEpoch && before.batch.lastSequence === lastSequence) {
      return { errorCode: NO_ERROR, baseOffset: before.baseOffset }
    }
    if (before !== undefined) {
      const expected = isSameEpoch ? before.batch.lastSequence + 1 : 0
      if (baseSequence !== expected) return { errorCode: OUT_OF_ORDER_SEQUENCE_NUMBER }
    }
    const baseOffset = this.append(topicId, partition, batch.buffer)
    producers.set(producerId, { batch, baseOffset })
    return { errorCode: NO_ERROR, baseOffset }
  }

  #fetch(request: FetchRequest, exchange: Exchange<FetchResponse>): void {
    const response = this.#fetched(request)
    const isEmpty = response.topics.every(({ partitions }) =>
      partitions.every(({ records, errorCode }) => records === null && errorCode === NO_ERROR),
    )
    if (!isEmpty || request.maxWaitMs === 0) {
      exchange.respond(response)
      return
    }
    const finish = (): void => {
      timer.cancel()
      this.#waiters.delete(finish)
      if (exchange.isWaiting) exchange.respond(this.#fetched(request))
    }
    const timer = systemClock.setTimer(request.maxWaitMs, finish)
    this.#waiters.add(finish)
    this.waitingPeak = Math.max(this.waitingPeak, this.#waiters.size)
  }

  #fetched(request: FetchRequest): FetchResponse {
    return {
      throttleTimeMs: 0,
      topics: request.topics.map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map(({ partition, fetchOffset, partitionMaxBytes }) => {
          const log = this.log(topic, partition)
          const isInside = fetchOffset >= log.start && fetchOffset <= log.end
          const found = isInside ? read(log, fetchOffset, partitionMaxBytes) : []
          for (const { length } of found) this.fetchedBytes += length
          return {
            partition,
            errorCode: isInside ? NO_ERROR : OFFSET_OUT_OF_RANGE,
            highWatermark: log.end,
            lastStableOffset: log.end,
            logStartOffset: log.start,
            abortedTransactions: null,
            records: found.length === 0 ? null : Buffer.concat(found),
          }
        }),
      })),
    }
  }

  #find(log: Log, timestamp: number): number {
    if (timestamp === listOffsetsTimestamp.earliest) return log.start
    if (timestamp === listOffsetsTimestamp.latest) return log.end
    for (const batch of log.batches) {
      const cursor = new RecordCursor(new RecordBatch(batch))
      while (cursor.next()) if (cursor.timestamp >= timestamp) return cursor.offset
    }
    return -1
  }
}

/** Of a batch that was not appended. */
const NOWHERE = { baseOffset: -1, logAppendTimeMs: -1 }

function deleted(log: Log, partitionIndex: number, offset: number) {
  const before = offset === -1 ? log.end : offset
  const isInside = before >= log.start && before <= log.end
  if (isInside) log.start = before
  const errorCode = isInside ? NO_ERROR : OFFSET_OUT_OF_RANGE
  return { partitionIndex, errorCode, lowWatermark: isInside ? log.start : -1 }
}

function read(log: Log, from: number, bytesMax: number): Buffer[] {
  const found: Buffer[] = []
  let bytes = 0
  for (const batch of log.batches) {
    if (new RecordBatch(batch).lastOffset < from) continue
    if (found.length > 0 && bytes + batch.length > bytesMax) break
    found.push(batch)
    bytes += batch.length
  }
  return found
}

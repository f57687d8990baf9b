import type { AnswerMemory } from '@courant/kafka-protocol'
import type { BrokerId, Clock, Network, Random } from '@courant/kernel'
import type { Broker, MetadataCopy, MetadataEvent } from '@courant/metadata'
import type { Metrics } from '@courant/service-kit'
import { Accumulator } from '../../accumulator/accumulator.ts'
import { PartitionProducers } from '../../accumulator/partition-producers.ts'
import { BufferPool } from '../../fetch/buffer-pool.ts'
import { EncodedBatches } from '../../fetch/encoded-batches.ts'
import { LongPolls } from '../../fetch/long-polls.ts'
import { PartitionReader } from '../../fetch/partition-reader.ts'
import { ReadBudget } from '../../fetch/read-budget.ts'
import { BodyDeadlines } from '../../http/body-deadlines.ts'
import type { Draining } from '../../http/draining.ts'
import { BodyBudget } from '../../produce/body-budget.ts'
import { Producer } from '../../produce/producer.ts'
import { BrokerPool } from '../../routing/broker-pool.ts'
import { Leaders } from '../../routing/leaders.ts'
import { ProduceSender } from '../../routing/produce-sender.ts'
import { ProducerId } from '../../routing/producer-id.ts'
import { ServingTopics } from '../../routing/serving-topics.ts'
import type { TopicResolver } from '../../topics/topic-resolver.ts'
import type { TopicBrokers } from '../topics/topic-brokers.ts'

export interface DataPathParts {
  readonly network: Network
  readonly clock: Clock
  readonly random: Random
  readonly metrics: Metrics
  readonly metadata: MetadataCopy
  readonly topics: TopicResolver
  readonly draining: Draining
}

/** What the routes of records work with. One of each a gateway. */
export interface DataPath {
  readonly clock: Clock
  readonly topics: TopicResolver
  readonly accumulator: Accumulator
  readonly producer: Producer
  readonly bodies: BodyBudget
  readonly reader: PartitionReader
  readonly reads: ReadBudget
  readonly polls: LongPolls
  readonly encodedBatches: EncodedBatches
  /** Large buffers: of bodies, of batches, of answers. */
  readonly buffers: BufferPool
  readonly bodyDeadlines: BodyDeadlines
  /** Leaders over the connections that reads use. */
  readonly leaders: Leaders
  /** For management. */
  readonly brokers: TopicBrokers
  /** When it begins, long polls and streams end early and in order. */
  readonly draining: Draining
  /** Waits a while for what is on its way to brokers, then closes the connections to them. */
  stop(): Promise<void>
}

/**
 * Wires the data path. To each broker there are three connections: produces, fetches of what is
 * there, and long polls, which are answered after seconds. A broker that answers strictly in order
 * would hold the others behind them, and a fetch of many MiB would hold produces.
 */
export function createDataPath(parts: DataPathParts): DataPath {
  const { network, clock, random, metadata, topics } = parts
  const broker = (id: BrokerId): Broker | null => metadata.broker(id)
  const pool = (clientId: string, answerMemory: AnswerMemory): BrokerPool =>
    new BrokerPool({ network, clock, random, clientId, answerMemory, broker })
  const producePool = pool('courant-gateway-produce', 'shared')
  const fetchPool = pool('courant-gateway-fetch', 'own')
  const pollPool = pool('courant-gateway-poll', 'shared')
  const sender = new ProduceSender(new Leaders(metadata, producePool))
  const leaders = new Leaders(metadata, fetchPool)
  const polls = new LongPolls(new Leaders(metadata, pollPool), clock)
  const buffers = new BufferPool()
  const id = (): ProducerId =>
    new ProducerId({ clock, random, pool: producePool, brokers: () => metadata.brokers() })
  const ids = { all: id(), leader: id() }
  const producers = new PartitionProducers(ids)
  const accumulator = new Accumulator({ clock, random, sender, buffers, producers })
  const unsubscribe = metadata.onChange((events) => tell(accumulator, events))
  // Before the first record needs it.
  void ids.all.arrived()
  const encodedBatches = new EncodedBatches()
  const reads = new ReadBudget(clock)
  observeMemory(parts.metrics, accumulator, encodedBatches, reads)
  return {
    clock,
    topics,
    accumulator,
    producer: new Producer(accumulator, clock),
    bodies: new BodyBudget(),
    reader: new PartitionReader(leaders, polls, clock),
    reads,
    polls,
    encodedBatches,
    buffers,
    bodyDeadlines: new BodyDeadlines(clock),
    leaders,
    brokers: new ServingTopics(leaders, clock),
    draining: parts.draining,
    async stop() {
      await accumulator.stop()
      unsubscribe()
      for (const source of Object.values(ids)) source.close()
      producePool.close()
      fetchPool.close()
      pollPool.close()
    },
  }
}

/** What the metadata says of partitions decides where batches that are under way go next. */
function tell(accumulator: Accumulator, events: readonly MetadataEvent[]): void {
  for (const event of events) {
    if (event.kind === 'partition') {
      const { topicId, partition } = event.partition
      accumulator.partitionChanged(topicId, partition)
    } else if (event.kind === 'topicDeleted') accumulator.topicDeleted(event.topicId)
  }
}

/** What is bounded by a limit is shown against it. */
function observeMemory(
  metrics: Metrics,
  accumulator: Accumulator,
  encodedBatches: EncodedBatches,
  reads: ReadBudget,
): void {
  const waiting = {
    name: 'courant_gateway_waiting_bytes',
    help: 'Records that wait in this gateway to be written by brokers.',
  }
  metrics.observe(waiting, () => accumulator.waitingBytes)
  const encoded = {
    name: 'courant_gateway_encoded_bytes',
    help: 'Texts of record batches that are kept for further readers.',
  }
  metrics.observe(encoded, () => encodedBatches.bytes)
  const unsent = {
    name: 'courant_gateway_read_bytes',
    help: 'Answers to reads that are fetched, encoded or not yet sent.',
  }
  metrics.observe(unsent, () => reads.bytes)
}

import {
  BusError,
  type Clock,
  defaultTopicConfig,
  type ErrorCode,
  SeededRandom,
  systemClock,
  tenantId,
  topicId,
} from '@courant/kernel'
import { RecordBatch, recordSource } from '@courant/record-batch'
import { Accumulator } from '../../src/accumulator/accumulator.ts'
import type { Appended } from '../../src/accumulator/batch-sender.ts'
import type { ProducerIdSource } from '../../src/accumulator/partition-producer.ts'
import { PartitionProducers } from '../../src/accumulator/partition-producers.ts'
import { Share } from '../../src/accumulator/share.ts'
import type { TargetTopic } from '../../src/accumulator/topic-accumulator.ts'
import type { Acks } from '../../src/accumulator/waiting-batch.ts'
import { BufferPool } from '../../src/fetch/buffer-pool.ts'
import { readRecords } from '../records/read-records.ts'
import { until } from '../records/until.ts'

/** One try to write a batch, as it left. */
export interface Sent {
  readonly partition: number
  readonly acks: Acks
  readonly bytes: Buffer
  readonly values: string[]
  readonly timeoutMs: number
  /** Producer id, epoch, base sequence. */
  readonly producer: readonly [id: number, epoch: number, sequence: number]
  maySend(): boolean
  succeed(baseOffset: number): void
  fail(code: ErrorCode): void
}

export interface RequestOptions {
  readonly partition: number
  readonly acks: Acks
  readonly timeoutMs: number
  readonly target: TargetTopic
}

export function topicOf(number: number, config = {}): TargetTopic {
  const digits = String(number).padStart(12, '0')
  return {
    topicId: topicId(`7b0c4c3e-9a44-4d0e-8a2f-${digits}`),
    tenantId: tenantId(`0b9e4a52-5f0e-4d8e-b3a5-${digits}`),
    partitionCount: 4,
    config: { ...defaultTopicConfig, ...config },
  }
}

export const topic = topicOf(1)

const DEFAULTS: RequestOptions = { partition: 0, acks: 'all', timeoutMs: 30_000, target: topic }

/** Ids that the test gives: 7, then 8, and so on. */
export class GivenIds implements ProducerIdSource {
  current: number | null
  #next: number
  #arrival = Promise.withResolvers<void>()

  constructor(first: number) {
    this.current = first
    this.#next = first + 1
  }

  arrived(): Promise<void> {
    return this.current === null ? this.#arrival.promise : Promise.resolve()
  }

  retire(id: number): void {
    if (this.current === id) this.current = null
  }

  give(): void {
    this.current = this.#next
    this.#next += 1
    this.#arrival.resolve()
    this.#arrival = Promise.withResolvers()
  }
}

/** An accumulator whose tries the test answers by hand, so that every moment can be looked at. */
export class AnsweredByHand {
  readonly sent: Sent[] = []
  /** By partition; null where nobody leads. */
  readonly leaders = new Map<number, number | null>()
  connecting: 'connected' | 'hanging' = 'connected'
  /** What every further try is answered at once. */
  refusal: ErrorCode | null = null
  readonly ids = { all: new GivenIds(7), leader: new GivenIds(70) }
  readonly #clock: Clock
  readonly accumulator: Accumulator

  constructor(clock: Clock = systemClock) {
    this.#clock = clock
    this.accumulator = new Accumulator({
      clock,
      random: new SeededRandom(7),
      buffers: new BufferPool(),
      producers: new PartitionProducers(this.ids),
      sender: {
        leader: (_topic, partition) => this.#leader(partition),
        send: (_topic, partition, batch, acks, timeoutMs, maySend) =>
          new Promise<Appended>((resolve, reject) => {
            if (this.connecting === 'connected' && !maySend()) {
              reject(new BusError('BROKER_UNAVAILABLE', 'Out of date.'))
              return
            }
            if (this.refusal !== null) reject(new BusError(this.refusal, 'As the test wants it.'))
            const view = new RecordBatch(batch)
            view.verify()
            this.sent.push({
              partition,
              acks,
              bytes: Buffer.from(batch),
              values: readRecords(view).map(({ value }) => `${value}`),
              timeoutMs,
              producer: [view.producerId, view.producerEpoch, view.baseSequence],
              maySend,
              succeed: (baseOffset) => resolve({ baseOffset, appendTime: -1 }),
              fail: (code) => reject(new BusError(code, 'As the test wants it.')),
            })
          }),
      },
    })
  }

  /** One request for one partition. */
  request(values: readonly string[], options: Partial<RequestOptions> = {}): Share {
    const { partition, acks, timeoutMs, target } = { ...DEFAULTS, ...options }
    const share = new Share(
      partition,
      values.length,
      this.#clock.monotonicMs() + timeoutMs,
      () => {},
    )
    const bytes = values.reduce((sum, value) => sum + value.length, 0)
    this.accumulator.admit(target, new Map([[partition, bytes]]))
    const accumulator = this.accumulator.partition(target, partition)
    for (const value of values) {
      const source = recordSource({ timestamp: 1, value })
      accumulator.append(source, share, acks, target.config.maxMessageBytes, value.length)
    }
    return share
  }

  async nextSent(index: number): Promise<Sent> {
    return until(() => this.sent[index])
  }

  /** Another broker leads, or nobody does, and the metadata tells it. */
  lead(partition: number, leader: number | null): void {
    this.leaders.set(partition, leader)
    this.accumulator.partitionChanged(topic.topicId, partition)
  }

  #leader(partition: number): number | null {
    const leader = this.leaders.get(partition)
    return leader === undefined ? 1 : leader
  }
}

export async function decided(share: Share): Promise<void> {
  await until(() => share.isDecided)
}

/** Of the batches that carried the records. */
export function offsets(share: Share): number[] {
  return share.written.map(({ baseOffset }) => baseOffset)
}

/** Null: every record is acknowledged, or nothing is decided. */
export function outcome({ error }: Share): [ErrorCode, 'no' | 'unknown'] | null {
  return error === null ? null : [error.code, error.facts.applied]
}

/** The longest pause between two tries. */
export const PAUSE_MS_MAX = 500

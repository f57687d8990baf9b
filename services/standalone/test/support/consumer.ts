import { errorOf } from '@courant/api'
import {
  type Assignment,
  type CommittedOffset,
  type ConsumeRequest,
  ConsumeRequest as ConsumeRequestCodec,
  type ConsumeResponse,
  ConsumerServiceClient,
  type Delivery,
  type PositionMoved,
  Subscribe,
} from '@courant/api/v1/consumer_service'
import type { BusError } from '@courant/kernel'
import { type ClientDuplexStream, credentials, Metadata } from '@grpc/grpc-js'
import { inject } from 'vitest'

type Request = NonNullable<ConsumeRequest['request']>

export interface ConsumedRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly value: string
}

/** How a stream ended. */
export interface StreamEnd {
  readonly code: number
  readonly error: BusError | null
}

/** A member of a group on a stream, as a test drives it. */
export class Consumer {
  readonly stream: ClientDuplexStream<ConsumeRequest, ConsumeResponse>
  readonly ended: Promise<StreamEnd>
  readonly deliveries: Delivery[] = []
  readonly assignments: Assignment[] = []
  readonly commits: CommittedOffset[] = []
  readonly moves: PositionMoved[] = []
  readonly #client: ConsumerServiceClient
  #listeners: (() => void)[] = []
  #hasEnded = false

  constructor(key: string, subscribe: object, options: { readonly deadlineMs?: number } = {}) {
    const { grpc } = inject('standalone')
    // A connection of its own: what one member does not read holds up no other.
    const own = { 'grpc.use_local_subchannel_pool': 1 }
    this.#client = new ConsumerServiceClient(grpc, credentials.createInsecure(), own)
    const metadata = new Metadata()
    metadata.set('authorization', `Bearer ${key}`)
    const { deadlineMs } = options
    this.stream = this.#client.consume(
      metadata,
      deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs },
    )
    this.stream.on('data', (response: ConsumeResponse) => this.#take(response))
    this.stream.on('error', () => {})
    this.ended = new Promise((resolve) => {
      this.stream.once('status', (status) => {
        this.#client.close()
        resolve({ code: status.code, error: status.code === 0 ? null : errorOf(status) })
        this.#hasEnded = true
        this.#tell()
      })
    })
    this.send({ $case: 'subscribe', value: Subscribe.fromPartial(subscribe) })
  }

  send(request: Request): void {
    this.stream.write(ConsumeRequestCodec.fromPartial({ request }))
  }

  credit(records: number, bytes: number): void {
    this.send({ $case: 'credit', value: { records, bytes } })
  }

  acknowledge(topic: string, partition: number, offset: number): void {
    const offsets = [{ topic, partition, offset, metadata: '' }]
    this.send({ $case: 'acknowledge', value: { offsets } })
  }

  /** All records so far, once there are so many. */
  async records(count: number): Promise<ConsumedRecord[]> {
    return this.#until(() => {
      const records = this.recordsSoFar
      return records.length >= count ? records : null
    })
  }

  get recordsSoFar(): ConsumedRecord[] {
    return this.deliveries.flatMap(({ topic, partition, records }) =>
      records.map(({ offset, value }) => ({ topic, partition, offset, value: String(value) })),
    )
  }

  /** The latest assignment, once it is one of these. */
  assignment(isWanted: (told: Assignment) => boolean): Promise<Assignment> {
    return this.#until(() => {
      const last = this.assignments.at(-1)
      return last !== undefined && isWanted(last) ? last : null
    })
  }

  /** What became of an acknowledgement. */
  committed(topic: string, partition: number, offset: number): Promise<CommittedOffset> {
    const isIt = (each: CommittedOffset): boolean =>
      each.topic === topic && each.partition === partition && each.offset === offset
    return this.#until(() => this.commits.find(isIt) ?? null)
  }

  /** The so manieth. */
  delivery(count: number): Promise<Delivery> {
    return this.#until(() => this.deliveries[count - 1] ?? null)
  }

  moved(isWanted: (move: PositionMoved) => boolean): Promise<PositionMoved> {
    return this.#until(() => this.moves.find(isWanted) ?? null)
  }

  halfClose(): Promise<StreamEnd> {
    this.stream.end()
    return this.ended
  }

  cancel(): Promise<StreamEnd> {
    this.stream.cancel()
    return this.ended
  }

  async #until<Found>(find: () => Found | null): Promise<Found> {
    while (true) {
      const found = find()
      if (found !== null) return found
      if (this.#hasEnded) throw (await this.ended).error ?? new Error('The stream has ended.')
      await new Promise<void>((resolve) => this.#listeners.push(resolve))
    }
  }

  #take({ response }: ConsumeResponse): void {
    switch (response?.$case) {
      case 'assignment':
        this.assignments.push(response.value)
        break
      case 'delivery':
        this.deliveries.push(response.value)
        break
      case 'committed':
        this.commits.push(...response.value.offsets)
        break
      case 'positionMoved':
        this.moves.push(response.value)
        break
    }
    this.#tell()
  }

  #tell(): void {
    const listeners = this.#listeners
    this.#listeners = []
    for (const listener of listeners) listener()
  }
}

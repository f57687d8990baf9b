/** A member of a group on a gRPC stream, which gives credit without end. */
import {
  AutoOffsetReset,
  ConsumeRequest,
  ConsumeResponse,
  type Delivery,
  GroupAssignor,
  type Subscribe,
} from '@courant/api/v1/consumer_service'
import { RecordFormat } from '@courant/api/v1/record'
import { Client, type ClientDuplexStream, credentials, Metadata } from '@grpc/grpc-js'
import { deliveryView } from './delivery-view.ts'

export interface ConsumerOptions {
  readonly port: number
  readonly apiKey: string
  readonly topic: string
  readonly group: string
  readonly memberId: string
}

type Request = NonNullable<ConsumeRequest['request']>
type Response = NonNullable<ConsumeResponse['response']>

const CHANNEL = { 'grpc.max_receive_message_length': -1, 'grpc.use_local_subchannel_pool': 1 }
const CREDIT_BYTES = 512 << 20
const CREDIT_RECORDS = 8_000_000

export class GroupConsumer {
  readonly failed: Promise<never>
  /** Encoded records so far. */
  bytes = 0
  readonly #client: Client
  readonly #stream: ClientDuplexStream<Buffer, Buffer>
  readonly #onResponse: (response: Response) => void
  #bytesUntilCredit = CREDIT_BYTES / 2
  #isClosed = false

  constructor(options: ConsumerOptions, onResponse: (response: Response) => void) {
    const { port, apiKey, topic, group, memberId } = options
    this.#onResponse = onResponse
    this.#client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), CHANNEL)
    const metadata = new Metadata()
    metadata.set('authorization', `Bearer ${apiKey}`)
    const path = '/courant.v1.ConsumerService/Consume'
    this.#stream = this.#client.makeBidiStreamRequest(path, same, same, metadata)
    this.failed = new Promise((_, reject) => {
      this.#stream.on('error', (error) => {
        if (!this.#isClosed) reject(error)
      })
    })
    // Whoever waits for it hears of it; until somebody does, it is not unhandled.
    this.failed.catch(() => {})
    this.#stream.on('data', (message: Buffer) => this.#take(message))
    const subscribe: Subscribe = {
      group,
      topics: [topic],
      topicPattern: '',
      memberId,
      instanceId: '',
      autoOffsetReset: AutoOffsetReset.AUTO_OFFSET_RESET_EARLIEST,
      assignor: GroupAssignor.GROUP_ASSIGNOR_UNIFORM,
      format: RecordFormat.RECORD_FORMAT_BATCHES,
      credit: { records: CREDIT_RECORDS, bytes: CREDIT_BYTES },
    }
    this.send({ $case: 'subscribe', value: subscribe })
  }

  /** Nothing more, once it leaves. */
  send(request: Request): void {
    if (this.#isClosed) return
    this.#stream.write(Buffer.from(ConsumeRequest.encode({ request }).finish()))
  }

  /** Leaves the group. Resolves when the server has ended the stream. */
  async leave(): Promise<void> {
    const ended = new Promise((resolve) => this.#stream.once('end', resolve))
    this.#isClosed = true
    this.#stream.end()
    await ended
    this.#client.close()
  }

  #take(message: Buffer): void {
    const response = deliveryView(message) ?? ConsumeResponse.decode(message).response
    if (response === undefined) return
    if (response.$case === 'delivery') this.#note(response.value)
    this.#onResponse(response)
  }

  #note({ recordBatches }: Delivery): void {
    this.bytes += recordBatches.length
    this.#bytesUntilCredit -= recordBatches.length
    if (this.#bytesUntilCredit > 0) return
    this.#bytesUntilCredit += CREDIT_BYTES / 2
    const credit = { records: CREDIT_RECORDS, bytes: CREDIT_BYTES / 2 }
    this.send({ $case: 'credit', value: credit })
  }
}

function same(bytes: Buffer): Buffer {
  return bytes
}

import { Consumer } from './consumer/consumer.ts'
import type { ConsumerOptions } from './consumer/consumer-options.ts'
import { Calls } from './http/call.ts'
import { type CourantOptions, settingsOf } from './options.ts'
import { Producer, type ProducerOptions } from './producer/producer.ts'
import { type ReadOptions, readPartition } from './reader/read-partition.ts'
import type { ReadRecord } from './record.ts'
import { Topics } from './topics.ts'

/** A client of one tenant. It holds no connection of its own and needs no closing. */
export class Courant {
  readonly topics: Topics
  readonly #calls: Calls

  /** Throws TypeError for a URL that is none. Nothing is sent yet. */
  constructor(options: CourantOptions) {
    this.#calls = new Calls(settingsOf(options))
    this.topics = new Topics(this.#calls)
  }

  /** Use one for all that a program writes: it is what keeps records in order and gathers them. */
  producer(options?: ProducerOptions): Producer {
    return new Producer(this.#calls, options)
  }

  /** A member of a consumer group: begins with `run`, or when it is iterated. */
  consumer(options: ConsumerOptions): Consumer {
    return new Consumer(this.#calls, options)
  }

  /** Reads one partition, without a group. */
  read(options: ReadOptions): AsyncGenerator<ReadRecord, void, undefined> {
    return readPartition(this.#calls, options)
  }
}

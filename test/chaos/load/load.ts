import type { Recorder } from '../history/recorder.ts'
import type { Gateways } from './client.ts'
import { Producer } from './producer.ts'
import { Reader } from './reader.ts'
import { LOGS, TOPICS } from './topics.ts'

const PRODUCERS = 24
const CONSUMERS = 2

export interface LoadOptions {
  readonly seed: number
  readonly gateways: Gateways
  readonly recorder: Recorder
}

/** All clients of a run. */
export class Load {
  readonly #clients: readonly (Producer | Reader)[]
  readonly #final: Reader

  constructor({ seed, gateways, recorder }: LoadOptions) {
    const topics = TOPICS.map(({ name }) => name)
    const producer = (_: unknown, id: number): Producer =>
      new Producer({ id, seed, gateways, topics, recorder })
    const consumer = (_: unknown, id: number): Reader =>
      new Reader(`consumer ${id}`, gateways, LOGS, recorder.seen)
    this.#clients = [
      ...Array.from({ length: PRODUCERS }, producer),
      ...Array.from({ length: CONSUMERS }, consumer),
    ]
    this.#final = new Reader('final', gateways, LOGS, recorder.final)
  }

  start(): void {
    for (const client of this.#clients) client.start()
  }

  async stop(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.stop()))
  }

  /** Every log from its first offset to the end that it has now. */
  async readAll(): Promise<void> {
    await this.#final.readAll()
  }
}

import { systemClock, wait } from '@courant/kernel'
import { placeText } from '../history/history.ts'
import type { Recorder } from '../history/recorder.ts'
import type { Gateways } from './client.ts'
import { GroupMember } from './group-member.ts'
import { Producer } from './producer.ts'
import { Reader } from './reader.ts'
import { LOGS, TOPICS } from './topics.ts'

const PRODUCERS = 24
const CONSUMERS = 2
/** Of the one group, half of them static. */
const GROUP_MEMBERS = 6
const DRAIN_MS_MAX = 60_000
const LOOK_MS = 100

export interface LoadOptions {
  readonly seed: number
  readonly gateways: Gateways
  readonly recorder: Recorder
}

/** All clients of a run. */
export class Load {
  readonly #clients: readonly (Producer | Reader)[]
  readonly #members: readonly GroupMember[]
  readonly #processed = new Set<string>()
  #counted = 0
  readonly #final: Reader
  readonly #recorder: Recorder

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
    this.#members = Array.from({ length: GROUP_MEMBERS }, (_, id) => {
      const kind = id % 2 === 0 ? 'static' : 'dynamic'
      return new GroupMember({ id, kind, seed, gateways, topics, recorder })
    })
    this.#recorder = recorder
    this.#final = new Reader('final', gateways, LOGS, recorder.final)
  }

  start(): void {
    for (const client of [...this.#clients, ...this.#members]) client.start()
  }

  /** All but the group, which goes on and crashes no more. */
  async stop(): Promise<void> {
    for (const member of this.#members) member.spare()
    await Promise.all(this.#clients.map((client) => client.stop()))
  }

  /**
   * Every log from its first offset to the end that it has now; then the group may catch up with
   * it, which is given up after a minute: what is missing is for the checkers.
   */
  async readAll(): Promise<void> {
    await this.#final.readAll()
    const begunMs = systemClock.monotonicMs()
    const isDrained = (): boolean =>
      this.#isDrained() || systemClock.monotonicMs() - begunMs > DRAIN_MS_MAX
    while (!isDrained()) await wait(systemClock, LOOK_MS)
    await this.stopGroup()
  }

  async stopGroup(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.stop()))
  }

  /** Whether everything that is in the logs was processed. */
  #isDrained(): boolean {
    const { deliveries, final } = this.#recorder
    for (const { records } of deliveries.slice(this.#counted)) {
      for (const place of records) this.#processed.add(placeText(place))
    }
    this.#counted = deliveries.length
    return final.every((place) => this.#processed.has(placeText(place)))
  }
}

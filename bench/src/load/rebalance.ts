/** Worker: a group under a steady load, that another member joins and leaves. */
import type { Assignment, Delivery, TopicPartition } from '@courant/api/v1/consumer_service'
import { DeliveryGaps } from './delivery-gaps.ts'
import { GroupConsumer } from './group-consumer.ts'
import { HttpExchange } from './http-exchange.ts'

export interface GroupUnderLoad {
  readonly grpcPort: number
  readonly httpPort: number
  readonly apiKey: string
  readonly topic: string
  readonly partitions: number
  readonly members: number
}

/** Each time one record for each partition. */
const PRODUCE_EVERY_MS = 20
const ACKNOWLEDGE_EVERY_MS = 1_000
const STABLE_MS_MAX = 30_000
const GROUP = 'rebalance'

interface Running {
  readonly load: GroupUnderLoad
  readonly gaps: DeliveryGaps
  readonly members: Member[]
}

let running: Running | null = null

/** Resolves when every partition is read. */
export async function start(load: GroupUnderLoad): Promise<void> {
  const gaps = new DeliveryGaps(load.partitions)
  void produceSteadily(load)
  const members = Array.from(
    { length: load.members },
    (_, index) => new Member(load, gaps, `m-${index}`),
  )
  running = { load, gaps, members }
  await becomesStable(running)
}

export interface Steady {
  readonly seconds: number
}

/** The longest gap of a partition while nobody joins. */
export async function steady({ seconds }: Steady): Promise<number> {
  const { gaps, load } = started()
  gaps.restart()
  await pause(seconds * 1000)
  return gaps.longestMs(partitionsOf(load))
}

export interface JoinGaps {
  readonly moved: number
  /** The longest, from the last record that the old owner got to the first of the new one. */
  readonly movedMs: number
  readonly unmovedMs: number
}

/** One member joins; it has left again when this resolves. */
export async function join({ seconds }: Steady): Promise<JoinGaps> {
  const { gaps, load, members } = started()
  gaps.restart()
  const joining = new Member(load, gaps, 'joining')
  const failed = Promise.race([...members, joining].map(({ consumer }) => consumer.failed))
  await Promise.race([pause(seconds * 1000), failed])
  const moved = joining.owned
  const unmoved = partitionsOf(load).filter((partition) => !moved.has(partition))
  const [movedMs, unmovedMs] = [gaps.longestMs(moved), gaps.longestMs(unmoved)]
  await joining.consumer.leave()
  await becomesStable(started())
  return { moved: moved.size, movedMs, unmovedMs }
}

function started(): Running {
  if (running === null) throw new Error('the group has not been started')
  return running
}

function partitionsOf({ partitions }: GroupUnderLoad): number[] {
  return Array.from({ length: partitions }, (_, partition) => partition)
}

async function becomesStable({ gaps, load, members }: Running): Promise<void> {
  const deadline = performance.now() + STABLE_MS_MAX
  const fair = Math.ceil(load.partitions / load.members)
  let sinceMs = performance.now()
  while (true) {
    const isFair = members.every(({ owned }) => owned.size <= fair)
    if (!isFair) sinceMs = performance.now()
    if (isFair && gaps.areAllSince(sinceMs)) return
    if (performance.now() > deadline) throw new Error('the group does not become stable')
    await pause(PRODUCE_EVERY_MS)
  }
}

async function produceSteadily(load: GroupUnderLoad): Promise<never> {
  const exchange = new HttpExchange(load.httpPort)
  const records = partitionsOf(load).map((partition) => ({ partition, value: 'v'.repeat(100) }))
  const request = {
    method: 'POST' as const,
    path: `/v1/topics/${load.topic}/records`,
    headers: {
      authorization: `Bearer ${load.apiKey}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ records }),
  }
  while (true) {
    const startedMs = performance.now()
    await exchange.ask(request)
    await pause(PRODUCE_EVERY_MS - (performance.now() - startedMs))
  }
}

/** Processes what it gets at once, and releases what is taken from it as soon as it hears so. */
class Member {
  readonly consumer: GroupConsumer
  owned: ReadonlySet<number> = new Set()
  readonly #topic: string
  readonly #gaps: DeliveryGaps
  /** The next offset to process, by partition; none where all is acknowledged. */
  readonly #processed = new Map<number, number>()

  constructor(load: GroupUnderLoad, gaps: DeliveryGaps, memberId: string) {
    this.#topic = load.topic
    this.#gaps = gaps
    const options = { ...load, port: load.grpcPort, group: GROUP, memberId }
    this.consumer = new GroupConsumer(options, (response) => {
      if (response.$case === 'delivery') this.#take(response.value)
      else if (response.$case === 'assignment') this.#adopt(response.value)
    })
    setInterval(() => this.#acknowledge([...this.#processed.keys()]), ACKNOWLEDGE_EVERY_MS).unref()
  }

  #take({ partition, nextOffset }: Delivery): void {
    this.#gaps.note(partition)
    this.#processed.set(partition, nextOffset)
  }

  #adopt({ assigned, revoking }: Assignment): void {
    this.owned = new Set(assigned.map(({ partition }) => partition))
    for (const partition of this.#processed.keys()) {
      if (!this.owned.has(partition)) this.#processed.delete(partition)
    }
    if (revoking.length > 0) this.#release(revoking)
  }

  #release(partitions: TopicPartition[]): void {
    this.#acknowledge(partitions.map(({ partition }) => partition))
    this.consumer.send({ $case: 'release', value: { partitions } })
  }

  #acknowledge(partitions: readonly number[]): void {
    const offsets = partitions.flatMap((partition) => {
      const offset = this.#processed.get(partition)
      this.#processed.delete(partition)
      return offset === undefined ? [] : [{ topic: this.#topic, partition, offset, metadata: '' }]
    })
    if (offsets.length > 0) this.consumer.send({ $case: 'acknowledge', value: { offsets } })
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)))
}

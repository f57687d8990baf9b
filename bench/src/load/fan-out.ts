/** Worker: groups of one member each that read the same partition, round and round. */
import { GroupConsumer } from './group-consumer.ts'

export interface FanOut {
  readonly port: number
  readonly apiKey: string
  readonly topic: string
  /** Offset at which a member begins anew. */
  readonly records: number
  readonly groups: number
  readonly seconds: number
}

export interface FanOutFlow {
  readonly bytesPerSecond: number
}

let runs = 0

export async function run(load: FanOut): Promise<FanOutFlow> {
  const run = runs++
  const started = Promise.withResolvers<void>()
  let waiting = load.groups
  const readers = Array.from({ length: load.groups }, (_, index) => {
    const group = `fan-out-${process.pid}-${run}-${index}`
    return reader(load, group, () => {
      waiting -= 1
      if (waiting === 0) started.resolve()
    })
  })
  const failed = Promise.race(readers.map((consumer) => consumer.failed))
  await Promise.race([started.promise, failed])
  const before = sum(readers)
  const startedMs = performance.now()
  const over = new Promise((resolve) => setTimeout(resolve, load.seconds * 1000))
  await Promise.race([over, failed])
  const bytesPerSecond = ((sum(readers) - before) * 1000) / (performance.now() - startedMs)
  await Promise.all(readers.map((consumer) => consumer.leave()))
  return { bytesPerSecond }
}

function sum(readers: readonly GroupConsumer[]): number {
  return readers.reduce((total, { bytes }) => total + bytes, 0)
}

/** `onFirst` is called when it has read something. */
function reader(load: FanOut, group: string, onFirst: () => void): GroupConsumer {
  let hasRead = false
  let reached = 0
  const consumer = new GroupConsumer({ ...load, group, memberId: 'm' }, (response) => {
    if (response.$case === 'positionMoved') reached = response.value.to
    if (response.$case !== 'delivery') return
    if (!hasRead) onFirst()
    hasRead = true
    const before = reached
    reached = response.value.nextOffset
    if (before >= load.records || reached < load.records) return
    const start = { position: { $case: 'offset' as const, value: 0 } }
    const { topic } = load
    consumer.send({ $case: 'seek', value: { topic, partition: 0, start } })
  })
  return consumer
}

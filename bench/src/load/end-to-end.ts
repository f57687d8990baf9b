/** Worker: one record at a time, from before it is produced until a member of a group has it. */
import { Latencies, type LatencySummary } from '../harness/statistics.ts'
import { GroupConsumer } from './group-consumer.ts'
import { HttpExchange } from './http-exchange.ts'

export interface EndToEnd {
  readonly grpcPort: number
  readonly httpPort: number
  readonly apiKey: string
  readonly topic: string
  readonly count: number
}

export interface EndToEndLatency {
  /** From the produce's answer to the record; 0 where the record has come first. */
  readonly sinceAnswer: LatencySummary
  /** From before the produce to both the answer and the record. */
  readonly whole: LatencySummary
}

/** 200 records a second: each finds every process asleep. */
const PAUSE_MS = 5

let runs = 0

export async function run(load: EndToEnd): Promise<EndToEndLatency> {
  const { httpPort, grpcPort, apiKey, topic, count } = load
  let onDelivery = (): void => {}
  const group = `end-to-end-${process.pid}-${runs++}`
  const { promise: assigned, resolve: onAssigned } = Promise.withResolvers<void>()
  const consumer = new GroupConsumer(
    { port: grpcPort, apiKey, topic, group, memberId: 'm' },
    (response) => {
      if (response.$case === 'assignment' && response.value.assigned.length > 0) onAssigned()
      if (response.$case === 'delivery') onDelivery()
    },
  )
  await Promise.race([assigned, consumer.failed])
  const exchange = new HttpExchange(httpPort)
  const request = {
    method: 'POST' as const,
    path: `/v1/topics/${topic}/records`,
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ records: [{ value: 'v'.repeat(100) }] }),
  }
  const [sinceAnswer, whole] = [new Latencies(), new Latencies()]
  for (let done = 0; done < count; done++) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    const { promise: delivered, resolve } = Promise.withResolvers<number>()
    onDelivery = () => resolve(performance.now())
    const startedMs = performance.now()
    const answered = exchange.ask(request).then(() => performance.now())
    const [answeredMs, seenMs] = await Promise.race([
      Promise.all([answered, delivered]),
      consumer.failed,
    ])
    sinceAnswer.record(Math.max(0, seenMs - answeredMs))
    whole.record(Math.max(seenMs, answeredMs) - startedMs)
  }
  exchange.close()
  await consumer.leave()
  return { sinceAnswer: sinceAnswer.summary(), whole: whole.summary() }
}

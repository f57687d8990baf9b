/**
 * Fetch of what has just been written, out of memory, to memory -> TCP; and of what nobody has read
 * for long, out of the page cache, to page cache -> TCP. The limits send as many bytes an answer.
 */
import { join } from 'node:path'
import { type Figure, type Goal, ratioFigure } from '../harness/figure.ts'
import { interleave } from '../harness/interleave.ts'
import type { Bench, Suite } from '../harness/suite.ts'
import type * as MemoryToTcp from '../limits/memory-to-tcp.ts'
import type * as PageCacheToTcp from '../limits/page-cache-to-tcp.ts'
import { batchOf } from '../load/batches.ts'
import {
  FETCH_ERROR_CODES,
  fetchFrame,
  handshakeFrame,
  PRODUCE_ERROR_CODE,
  produceFrame,
} from '../system/broker-requests.ts'
import { BrokerUnderTest } from '../system/broker-under-test.ts'

const ANSWER_BYTES = 1 << 20
const IN_FLIGHT = 4
const IN_FLIGHT_FILL = 64
/** Far more than any cache of ours holds, far less than the page cache does. */
const COLD_BYTES = 1 << 30
const BATCH_RECORDS = 150
const RECORD_BYTES = 100

const GOAL: Goal = { must: 0.6, aim: 0.8, sense: 'at least' }

export const brokerFetch: Suite = {
  name: 'broker-fetch',
  async *run(bench: Bench): AsyncGenerator<Figure> {
    const broker = await BrokerUnderTest.start(bench)
    const memory = bench.worker<typeof MemoryToTcp>(
      'server',
      new URL('../limits/memory-to-tcp.ts', import.meta.url),
    )
    const pageCache = bench.worker<typeof PageCacheToTcp>(
      'server',
      new URL('../limits/page-cache-to-tcp.ts', import.meta.url),
    )
    const bytes = bench.scaled(COLD_BYTES, 64 << 20)
    const end = await fill(broker, bytes)
    const path = join(await bench.directory(), 'page-cache')
    const memoryPort = await memory.start({ frameBytes: ANSWER_BYTES })
    const filePort = await pageCache.start({ path, fileBytes: bytes, frameBytes: ANSWER_BYTES })
    const answerRecords = Math.floor((end * ANSWER_BYTES) / bytes)

    const tail = fetchRequests(broker, [end - answerRecords])
    yield await compare(bench, broker, 'tail', tail, 'memory -> TCP', memoryPort)
    const offsets: number[] = []
    for (let at = 0; at < end / 2; at += answerRecords) offsets.push(at)
    const cold = fetchRequests(broker, offsets)
    yield await compare(bench, broker, 'cold', cold, 'page cache -> TCP', filePort)
  },
}

/** Writes about so many bytes; returns the offset behind the last record. */
async function fill(broker: BrokerUnderTest, bytes: number): Promise<number> {
  const batch = batchOf(BATCH_RECORDS, RECORD_BYTES)
  const request = produceFrame(broker.topicId, 0, batch)
  const answers = Math.ceil(bytes / batch.length)
  await broker.send([request], PRODUCE_ERROR_CODE, IN_FLIGHT_FILL, { answers })
  return answers * BATCH_RECORDS
}

function fetchRequests(broker: BrokerUnderTest, offsets: readonly number[]): Buffer[] {
  const requests = offsets.map((at) => fetchFrame(broker.topicId, 0, at, ANSWER_BYTES))
  while (requests.length < IN_FLIGHT) requests.push(...requests)
  return requests
}

async function compare(
  bench: Bench,
  broker: BrokerUnderTest,
  what: 'tail' | 'cold',
  requests: readonly Buffer[],
  limitName: string,
  limitPort: number,
): Promise<Figure> {
  const { seconds } = bench.plan
  const results = await interleave(bench.plan, {
    ours: async () => {
      const sent = await broker.send(requests, FETCH_ERROR_CODES, IN_FLIGHT, { seconds })
      return sent.bytesPerSecond
    },
    limit: async () => {
      const load = { requests, mustBeZero: [], inFlight: IN_FLIGHT, until: { seconds } }
      const sent = await broker.load.run({ port: limitPort, handshake: handshakeFrame(), ...load })
      return sent.bytesPerSecond
    },
  })
  const name = `${what} fetch, 1 MiB an answer, ${IN_FLIGHT} in flight`
  return ratioFigure({ name, unit: 'B/s', ...results, limitName, goal: GOAL })
}

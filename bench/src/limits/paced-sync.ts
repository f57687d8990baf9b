/** Limit of a durable answer at low load: one small write and fdatasync of a recycled file. */
import { Latencies, type LatencySummary } from '../harness/statistics.ts'
import { PositionedFile } from './positioned-file.ts'

const PAUSE_MS = 5
const RING_BYTES = 16 << 20
const BLOCK_BYTES = 4096

export interface PacedSync {
  readonly path: string
  readonly count: number
}

export async function run({ path, count }: PacedSync): Promise<LatencySummary> {
  const file = new PositionedFile(path)
  file.fill(RING_BYTES)
  await file.sync()
  const block = Buffer.alloc(BLOCK_BYTES, 'x')
  const latencies = new Latencies()
  for (let done = 0; done < count; done++) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    const started = performance.now()
    await file.write(block, (done * BLOCK_BYTES) % RING_BYTES)
    await file.sync()
    latencies.record(performance.now() - started)
  }
  file.close()
  return latencies.summary()
}

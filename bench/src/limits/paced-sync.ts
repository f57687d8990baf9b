/**
 * Limit of a durable answer at low load: one small write and fdatasync of a recycled file, or of
 * several at once where what is compared writes as many copies to the same disk.
 */
import { Latencies, type LatencySummary } from '../harness/statistics.ts'
import { PositionedFile } from './positioned-file.ts'

const PAUSE_MS = 5
const RING_BYTES = 16 << 20
const BLOCK_BYTES = 4096

export interface PacedSync {
  readonly paths: readonly string[]
  readonly count: number
}

/** The time until every file has its block. */
export async function run({ paths, count }: PacedSync): Promise<LatencySummary> {
  const files = paths.map((path) => new PositionedFile(path))
  for (const file of files) {
    file.fill(RING_BYTES)
    await file.sync()
  }
  const block = Buffer.alloc(BLOCK_BYTES, 'x')
  const latencies = new Latencies()
  for (let done = 0; done < count; done++) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    const started = performance.now()
    await Promise.all(files.map((file) => write(file, block, (done * BLOCK_BYTES) % RING_BYTES)))
    latencies.record(performance.now() - started)
  }
  for (const file of files) file.close()
  return latencies.summary()
}

async function write(file: PositionedFile, block: Buffer, position: number): Promise<void> {
  await file.write(block, position)
  await file.sync()
}

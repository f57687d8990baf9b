/** Large batches into one log, until four rings have been written, synced and checkpointed. */
import { join } from 'node:path'
import type * as Engine from '../engine/engine.ts'
import { type Figure, type Goal, ratioFigure } from '../harness/figure.ts'
import { interleave } from '../harness/interleave.ts'
import type { Bench, Suite } from '../harness/suite.ts'
import type * as RawAppend from '../limits/raw-append.ts'

const RING_BYTES = 64 << 20
const RINGS = 4
const BATCH_BYTES = 1 << 20
const GOAL: Goal = { must: 0.5, aim: 0.7, sense: 'at least' }

export const engineAppend: Suite = {
  name: 'engine-append',
  async *run(bench: Bench): AsyncGenerator<Figure> {
    const path = join(await bench.directory(), 'raw')
    const rawUrl = new URL('../limits/raw-append.ts', import.meta.url)
    const raw = bench.worker<typeof RawAppend>('server', rawUrl)
    const engineUrl = new URL('../engine/engine.ts', import.meta.url)
    const engine = bench.worker<typeof Engine>('server', engineUrl)
    const ringBytes = bench.scaled(RING_BYTES, 32 << 20)
    await engine.open({ directory: await bench.directory(), ringBytes, partitions: 1 })
    const totalBytes = ringBytes * RINGS
    for (const inFlight of [1, 4]) {
      const results = await interleave(bench.plan, {
        ours: () => engine.appendAll({ batchBytes: BATCH_BYTES, totalBytes, inFlight }),
        limit: () => raw.run({ path, bytesPerSync: BATCH_BYTES * inFlight, totalBytes }),
      })
      const name = `1 MiB batches, ${inFlight} in flight`
      yield ratioFigure({
        name,
        unit: 'B/s',
        ...results,
        limitName: 'write + fdatasync',
        goal: GOAL,
      })
    }
  },
}

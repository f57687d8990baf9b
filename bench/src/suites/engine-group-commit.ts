/** Small batches from 1, 64 and 1024 waiters, to the same waiters on a bare loop. */
import { join } from 'node:path'
import type * as Engine from '../engine/engine.ts'
import { type Figure, type Goal, ratioFigure } from '../harness/figure.ts'
import { interleave } from '../harness/interleave.ts'
import type { Bench, Suite } from '../harness/suite.ts'
import type * as GroupCommitLoop from '../limits/group-commit-loop.ts'

const RING_BYTES = 256 << 20
const APPEND_BYTES = 200
const GOAL: Goal = { must: 0.7, aim: 0.9, sense: 'at least' }

export const engineGroupCommit: Suite = {
  name: 'engine-group-commit',
  async *run(bench: Bench): AsyncGenerator<Figure> {
    const { seconds } = bench.plan
    const ringBytes = bench.scaled(RING_BYTES, 16 << 20)
    const loopUrl = new URL('../limits/group-commit-loop.ts', import.meta.url)
    const loop = bench.worker<typeof GroupCommitLoop>('server', loopUrl)
    const path = join(await bench.directory(), 'ring')
    const engineUrl = new URL('../engine/engine.ts', import.meta.url)
    const engine = bench.worker<typeof Engine>('server', engineUrl)
    await engine.open({ directory: await bench.directory(), ringBytes, partitions: 1 })
    for (const waiters of [1, 64, 1024]) {
      const run = { waiters, seconds, appendBytes: APPEND_BYTES }
      const results = await interleave(bench.plan, {
        ours: async () => (await engine.append({ ...run, partitions: 1 })).perSecond,
        limit: async () => (await loop.run({ ...run, path, ringBytes })).perSecond,
      })
      const name = `200 B batches, ${waiters} ${waiters === 1 ? 'waiter' : 'waiters'}`
      yield ratioFigure({
        name,
        unit: '/s',
        ...results,
        limitName: 'bare group commit',
        goal: GOAL,
      })
    }
  },
}

/** What a partition costs that was used, checkpointed, and has been silent since. */
import type * as IdleEngine from '../engine/idle-engine.ts'
import { absoluteFigure, type Figure, type Goal } from '../harness/figure.ts'
import type { Bench, Suite } from '../harness/suite.ts'

const PARTITIONS = 10_000
/** Half of them must more than fill the cache of open files, or that would count as theirs. */
const PARTITIONS_MIN = 1200
const HEAP_GOAL: Goal = { must: 4096, aim: 1536, sense: 'at most' }
const NONE_GOAL: Goal = { must: 0, aim: 0, sense: 'at most' }

export const idlePartition: Suite = {
  name: 'idle-partition',
  async *run(bench: Bench): AsyncGenerator<Figure> {
    const engine = bench.worker<typeof IdleEngine>(
      'server',
      new URL('../engine/idle-engine.ts', import.meta.url),
    )
    const cost = await engine.idleCost({
      directory: await bench.directory(),
      ringBytes: 64 << 20,
      partitions: bench.scaled(PARTITIONS, PARTITIONS_MIN),
    })
    yield absoluteFigure({ name: 'heap', value: cost.heapBytes, unit: 'B', goal: HEAP_GOAL })
    yield absoluteFigure({
      name: 'file descriptors',
      value: cost.descriptors,
      unit: '',
      goal: NONE_GOAL,
    })
    yield absoluteFigure({ name: 'timers', value: cost.timers, unit: '', goal: NONE_GOAL })
  },
}

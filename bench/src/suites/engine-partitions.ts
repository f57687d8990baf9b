/**
 * 1024 waiters append 1 KiB each to more and more partitions: what a bus of thousands of small
 * tenants does. A sync a file would fall by a factor of ten; the ring must stay flat. In the same
 * runs, while checkpoints write behind: how far the slowest appends are from the slow ones.
 */
import type * as Engine from '../engine/engine.ts'
import { type Figure, type Goal, ratioFigure } from '../harness/figure.ts'
import { interleave } from '../harness/interleave.ts'
import type { Bench, Suite } from '../harness/suite.ts'
import type { LoopResult } from '../load/closed-loop.ts'

const RING_BYTES = 256 << 20
const WAITERS = 1024
const APPEND_BYTES = 1024
const PARTITION_COUNTS = [1, 8, 64, 512, 4096] as const
type PartitionCount = (typeof PARTITION_COUNTS)[number]

const FLAT_GOALS: Partial<Record<PartitionCount, Goal>> = {
  512: { must: 0.6, aim: 0.9, sense: 'at least' },
  4096: { must: 0.5, aim: 0.8, sense: 'at least' },
}
const TAIL_GOAL: Goal = { must: 5, aim: 2, sense: 'at most' }

export const enginePartitions: Suite = {
  name: 'engine-partitions',
  async *run(bench: Bench): AsyncGenerator<Figure> {
    const engine = bench.worker<typeof Engine>(
      'server',
      new URL('../engine/engine.ts', import.meta.url),
    )
    await engine.open({
      directory: await bench.directory(),
      ringBytes: bench.scaled(RING_BYTES, 16 << 20),
      partitions: 4096,
    })
    const { seconds } = bench.plan
    const side = (partitions: PartitionCount) => (): Promise<LoopResult> =>
      engine.append({ waiters: WAITERS, seconds, appendBytes: APPEND_BYTES, partitions })
    const results = await interleave<LoopResult, `${PartitionCount}`>(bench.plan, {
      1: side(1),
      8: side(8),
      64: side(64),
      512: side(512),
      4096: side(4096),
    })
    const limit = results[8].map(({ perSecond }) => perSecond)
    for (const count of PARTITION_COUNTS) {
      const name = `1024 waiters x 1 KiB over ${count} ${count === 1 ? 'partition' : 'partitions'}`
      const ours = results[count].map(({ perSecond }) => perSecond)
      const goal = FLAT_GOALS[count] ?? null
      yield ratioFigure({ name, unit: '/s', ours, limit, limitName: 'over 8 partitions', goal })
    }
    for (const count of PARTITION_COUNTS) {
      yield ratioFigure({
        name: `p99.9 of an append over ${count}, checkpoints running`,
        unit: 'ms',
        ours: results[count].map(({ latency }) => latency.p999),
        limit: results[count].map(({ latency }) => latency.p99),
        limitName: 'its p99',
        goal: TAIL_GOAL,
      })
    }
  },
}

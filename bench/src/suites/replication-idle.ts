/** What a broker spends on thousands of replicated partitions at rest, beside a busy one. */
import type { Child } from '../harness/child.ts'
import { absoluteFigure, type Figure, type Goal } from '../harness/figure.ts'
import { interleave } from '../harness/interleave.ts'
import { median } from '../harness/statistics.ts'
import type { Bench, Suite } from '../harness/suite.ts'
import { batchOf } from '../load/batches.ts'
import type * as PacedLatency from '../load/paced-latency.ts'
import { PRODUCE_ERROR_CODE } from '../system/broker-requests.ts'
import { ReplicatedBrokers } from '../system/replicated-brokers.ts'

const IDLE_PARTITIONS = 3_000
const PARTITIONS_A_TOPIC = 100
const REQUESTS_PER_SECOND = 100
/** Processor time is counted in hundredths of a second: a run has to be long. */
const RUN_LENGTH = 2
/** The first thousands of requests cost the time in which their code is compiled. */
const WARM_UP_RUNS = 3
const GOAL: Goal = { must: 5, aim: 2, sense: 'at most' }

export const replicationIdle: Suite = {
  name: 'replication-idle',
  async *run(bench: Bench): AsyncGenerator<Figure> {
    const brokers = await ReplicatedBrokers.start(bench)
    const hot = await brokers.createTopic('hot', 1, 3)
    const client = bench.worker<typeof PacedLatency>(
      'all',
      new URL('../load/paced-latency.ts', import.meta.url),
    )
    const target = hot.requestTo(0, batchOf(1, 100))
    const count = Math.ceil(bench.plan.seconds * REQUESTS_PER_SECOND * RUN_LENGTH)
    const load = () =>
      client.run({ ...target, protocol: 'frames', mustBeZero: PRODUCE_ERROR_CODE, count })
    /** Per cent of a core, of each broker. */
    const spent = async () => {
      const { loads } = await interleave(bench.plan, {
        loads: () => costOf(brokers.processes, load),
      })
      return brokers.processes.map((_, at) => median(loads.map((costs) => costs[at] ?? NaN)))
    }
    for (let run = 0; run < WARM_UP_RUNS; run += 1) await load()
    const alone = await spent()
    const partitions = bench.scaled(IDLE_PARTITIONS)
    for (let made = 0; made < partitions; made += PARTITIONS_A_TOPIC) {
      const size = Math.min(PARTITIONS_A_TOPIC, partitions - made)
      await brokers.createTopic(`idle-${made}`, size, 3)
    }
    const beside = await spent()
    const more = beside.map((cost, at) => cost - (alone[at] ?? NaN))
    const note = `the hot one alone ${alone.map((cost) => cost.toFixed(1)).join(', ')} %`
    yield absoluteFigure({
      name: `${partitions} idle partitions and a hot one, less the hot one, the worst broker`,
      value: Math.max(...more),
      unit: '% of a core',
      goal: GOAL,
      note,
    })
  },
}

async function costOf(
  processes: readonly Child[],
  load: () => Promise<unknown>,
): Promise<number[]> {
  const before = processes.map((child) => child.cpuSeconds())
  const startedMs = performance.now()
  await load()
  const seconds = (performance.now() - startedMs) / 1_000
  return processes.map((child, at) => ((child.cpuSeconds() - (before[at] ?? NaN)) / seconds) * 100)
}

/**
 * What two followers add to the p50 of a produce when nothing else happens, to a hop over TCP and a
 * synced write, paced alike, measured in turn with it.
 */
import { join } from 'node:path'
import type { Figure, Goal } from '../harness/figure.ts'
import { interleave } from '../harness/interleave.ts'
import { median } from '../harness/statistics.ts'
import type { Bench, Suite } from '../harness/suite.ts'
import { zeroFrame } from '../limits/frame-server.ts'
import type * as MemoryToTcp from '../limits/memory-to-tcp.ts'
import type * as PacedSync from '../limits/paced-sync.ts'
import { batchOf } from '../load/batches.ts'
import type * as PacedLatency from '../load/paced-latency.ts'
import { PRODUCE_ERROR_CODE } from '../system/broker-requests.ts'
import { ReplicatedBrokers, type ReplicatedTopic } from '../system/replicated-brokers.ts'

const REQUESTS_PER_SECOND = 100
const HOP_REQUEST_BYTES = 200
const HOP_ANSWER_BYTES = 24
const GOAL: Goal = { must: 1, aim: 1, sense: 'at most' }

export const replicationLatency: Suite = {
  name: 'replication-latency',
  async *run(bench: Bench): AsyncGenerator<Figure> {
    const brokers = await ReplicatedBrokers.start(bench)
    const client = bench.worker<typeof PacedLatency>(
      'all',
      new URL('../load/paced-latency.ts', import.meta.url),
    )
    const hop = bench.worker<typeof MemoryToTcp>(
      'all',
      new URL('../limits/memory-to-tcp.ts', import.meta.url),
    )
    const disk = bench.worker<typeof PacedSync>(
      'all',
      new URL('../limits/paced-sync.ts', import.meta.url),
    )
    const directory = await bench.directory()
    const paths = ['leader', 'follower', 'other'].map((name) => join(directory, name))
    const hopPort = await hop.start({ frameBytes: HOP_ANSWER_BYTES })
    const count = Math.ceil(bench.plan.seconds * REQUESTS_PER_SECOND)
    const frames = { protocol: 'frames', count } as const
    const produce = async (topic: ReplicatedTopic): Promise<number> => {
      const { port, request } = topic.requestTo(0, batchOf(1, 100))
      const { p50 } = await client.run({ ...frames, port, request, mustBeZero: PRODUCE_ERROR_CODE })
      return p50
    }
    const three = await brokers.createTopic('three', 1, 3)
    const one = await brokers.createTopic('one', 1, 1)
    const request = zeroFrame(HOP_REQUEST_BYTES)
    const p50s = await interleave(bench.plan, {
      three: () => produce(three),
      one: () => produce(one),
      hop: () => client.run({ ...frames, port: hopPort, request }).then(({ p50 }) => p50),
      sync: () => disk.run({ paths: paths.slice(0, 1), count }).then(({ p50 }) => p50),
      syncs: () => disk.run({ paths, count }).then(({ p50 }) => p50),
    })
    const added = {
      name: 'p50 of a produce to three replicas, less that to one',
      value: median(p50s.three) - median(p50s.one),
      unit: 'ms',
    }
    yield { ...added, ...against(added.value, p50s.hop, p50s.sync, 'hop + sync p50s'), goal: GOAL }
    // The three share a disk here, and none of their syncs is as fast as one alone.
    const name = `${added.name}, by a disk that syncs three files at once`
    const shared = against(added.value, p50s.hop, p50s.syncs, 'hop + three syncs p50s')
    yield { ...added, name, ...shared, goal: null }
  },
}

function against(value: number, hop: number[], sync: number[], limitName: string) {
  const limit = median(hop) + median(sync)
  return { limit, limitName, ratio: value / limit }
}

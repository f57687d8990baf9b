/**
 * Peer: Redis Streams with `appendfsync always`, which is what Redis offers for records that must
 * survive. Loaded by its own C client, the fastest there is for it.
 */
import type { Child } from '../harness/child.ts'
import type { Bench } from '../harness/suite.ts'
import { freePort, listens } from '../system/free-port.ts'
import { missing } from './installed.ts'

const CONNECTIONS = 64
const PIPELINE = 64

export const redisMissing = missing(['redis-server', 'redis-benchmark'], 'redis-server')

export interface RedisPeer {
  /** Records a second that were appended to one stream and synced. */
  produce(recordBytes: number, records: number): Promise<number>
}

export async function startRedis(bench: Bench): Promise<RedisPeer> {
  const port = await freePort()
  const settings = {
    port,
    bind: '127.0.0.1',
    save: '',
    dir: await bench.directory(),
    appendonly: 'yes',
    appendfsync: 'always',
    // A rewrite in the middle of a run would be a cost that the run did not cause.
    'auto-aof-rewrite-percentage': 0,
  }
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)])
  const server = bench.child({ core: 'server', command: ['redis-server', ...args] })
  await server.ready(() => listens(port))
  return {
    async produce(recordBytes, records) {
      await redisBenchmark(bench, port, 1, ['DEL', 'stream'])
      const value = 'x'.repeat(recordBytes)
      return await redisBenchmark(bench, port, records, ['XADD', 'stream', '*', 'v', value])
    },
  }
}

async function redisBenchmark(
  bench: Bench,
  port: number,
  requests: number,
  command: readonly string[],
): Promise<number> {
  const load = { '-p': port, '-c': CONNECTIONS, '-P': PIPELINE, '-n': requests }
  const options = Object.entries(load).flatMap(([name, value]) => [name, String(value)])
  const child: Child = bench.child({
    core: 'load',
    command: ['redis-benchmark', ...options, '--csv', ...command],
  })
  await child.exited
  // The last line: "XADD stream * v ...","398000.00",latencies...
  const rate = /","([\d.]+)"/.exec(child.output.trim().split('\n').at(-1) ?? '')?.[1]
  if (rate === undefined) throw new Error(`redis-benchmark said:\n${child.output}`)
  return Number(rate)
}

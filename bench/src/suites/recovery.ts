/**
 * Opening a directory whose process was killed with a full ring, to what recovery cannot do without:
 * reading and checking the live ring, and writing its bytes to the segments once, synced.
 */
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import type * as Engine from '../engine/engine.ts'
import { type Figure, type Goal, ratioFigure } from '../harness/figure.ts'
import { interleave } from '../harness/interleave.ts'
import type { Bench, Suite } from '../harness/suite.ts'
import type * as RingScan from '../limits/ring-scan.ts'

const RING_BYTES = 256 << 20
const PARTITIONS = 64
const APPEND_BYTES = 16 << 10
const GOAL: Goal = { must: 1.5, aim: 1.2, sense: 'at most' }

export const recovery: Suite = {
  name: 'recovery',
  async *run(bench: Bench): AsyncGenerator<Figure> {
    const engineUrl = new URL('../engine/engine.ts', import.meta.url)
    const victim = bench.worker<typeof Engine>('server', engineUrl)
    const directory = await bench.directory()
    const ringBytes = bench.scaled(RING_BYTES, 16 << 20)
    await victim.open({ directory, ringBytes, partitions: PARTITIONS })
    const live = await victim.fillRing({ appendBytes: APPEND_BYTES, partitions: PARTITIONS })
    await victim.child.kill()

    const scan = bench.worker<typeof RingScan>(
      'server',
      new URL('../limits/ring-scan.ts', import.meta.url),
    )
    const scratch = join(await bench.directory(), 'copy')
    let copies = 0
    const results = await interleave(bench.plan, {
      ours: async () => {
        const copy = join(await bench.directory(), String(copies++))
        await cp(directory, copy, { recursive: true })
        const recoverer = bench.worker<typeof Engine>('server', engineUrl)
        const seconds = await recoverer.recover({ directory: copy, ringBytes })
        await recoverer.child.kill()
        return seconds
      },
      limit: () => scan.run({ ringPath: join(directory, live.ringFile), ...live, scratch }),
    })
    yield ratioFigure({
      name: `a ring with ${Math.round(live.bytes / 2 ** 20)} MiB in use, ${PARTITIONS} partitions`,
      unit: 's',
      ...results,
      limitName: 'CRC scan + write + fdatasync',
      goal: GOAL,
    })
  },
}

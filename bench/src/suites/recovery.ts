/**
 * Opening a directory whose process was killed with a full ring, to what recovery cannot do
 * without: reading and checking the live ring, and writing its bytes to the segments once, synced.
 * The goal is for the moment from which it serves; the one at which the segments have everything
 * stands beside.
 */
import { cp, open } from 'node:fs/promises'
import { join } from 'node:path'
import type * as CrashedEngine from '../engine/crashed-engine.ts'
import { type Figure, type Goal, ratioFigure } from '../harness/figure.ts'
import { interleave } from '../harness/interleave.ts'
import type { Bench, Suite } from '../harness/suite.ts'
import type * as RingScan from '../limits/ring-scan.ts'

const RING_BYTES = 256 << 20
const PARTITIONS = 64
const APPEND_BYTES = 16 << 10
const GOAL: Goal = { must: 1.5, aim: 1.2, sense: 'at most' }

const engineUrl = new URL('../engine/crashed-engine.ts', import.meta.url)

export const recovery: Suite = {
  name: 'recovery',
  async *run(bench: Bench): AsyncGenerator<Figure> {
    const victim = bench.worker<typeof CrashedEngine>('server', engineUrl)
    const directory = await bench.directory()
    const ringBytes = bench.scaled(RING_BYTES, 16 << 20)
    const { liveBytes } = await victim.fillRing({
      directory,
      ringBytes,
      partitions: PARTITIONS,
      appendBytes: APPEND_BYTES,
    })
    await victim.child.kill()

    const scanUrl = new URL('../limits/ring-scan.ts', import.meta.url)
    const scan = bench.worker<typeof RingScan>('server', scanUrl)
    const scratch = join(await bench.directory(), 'copy')
    const ringPath = join(directory, 'ring')
    const results = await interleave<CrashedEngine.RecoveryTimes, 'ours' | 'limit'>(bench.plan, {
      ours: () => recoverCopy(bench, directory, ringBytes),
      limit: async () => {
        const seconds = await scan.run({ ringPath, bytes: liveBytes, scratch })
        return { servingSeconds: seconds, savedSeconds: seconds }
      },
    })
    const ring = `${Math.round(liveBytes / 2 ** 20)} MiB in ${PARTITIONS} partitions`
    const figure = { unit: 's', limitName: 'CRC scan + write + fdatasync' }
    for (const [until, of, goal] of [
      ['serving', 'servingSeconds', GOAL],
      ['all in segments', 'savedSeconds', null],
    ] as const) {
      const ours = results.ours.map((times) => times[of])
      const limit = results.limit.map((times) => times[of])
      yield ratioFigure({ ...figure, name: `${ring}, until ${until}`, ours, limit, goal })
    }
  },
}

/** Each recovery has a new process and a copy of its own: it leaves nothing to recover behind. */
async function recoverCopy(
  bench: Bench,
  directory: string,
  ringBytes: number,
): Promise<CrashedEngine.RecoveryTimes> {
  const copy = join(await bench.directory(), 'copy')
  await cp(directory, copy, { recursive: true })
  await syncFile(join(copy, 'ring'))
  const recoverer = bench.worker<typeof CrashedEngine>('server', engineUrl)
  const times = await recoverer.recover({ directory: copy, ringBytes })
  await recoverer.child.kill()
  return times
}

/** The ring of a killed process was synced; its copy is not to be synced on recovery's time. */
async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+')
  await file.sync()
  await file.close()
}

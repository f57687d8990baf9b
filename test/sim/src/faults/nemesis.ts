import type { SeededRandom } from '@courant/kernel'
import type { SimCluster } from '../cluster/sim-cluster.ts'
import type { Topics } from '../workload/topics.ts'
import {
  jumpClock,
  muteDatabase,
  rollBackDatabase,
  slowDatabase,
  stopDatabase,
} from './database-faults.ts'
import { failSync, fillDisk, flipBit, loseDisk, slowSyncs } from './disk-faults.ts'
import { type Fault, pickFrom } from './fault.ts'
import {
  breakConnections,
  cutOneLink,
  isolateOne,
  isolateOneWay,
  slowLink,
  splitInTwo,
} from './network-faults.ts'
import {
  drain,
  flipMinimum,
  preferLeadersNow,
  reassign,
  recreateTopic,
  replaceBroker,
} from './operator-faults.ts'
import {
  cutPowerOfAll,
  cutPowerOfOne,
  killAllBrokers,
  killOne,
  pause,
  restartGently,
} from './process-faults.ts'

/** Every kind of fault, by the name under which it is counted. */
const faults: Readonly<Record<string, Fault>> = {
  'kill one': killOne,
  'kill all brokers': killAllBrokers,
  'cut the power of one': cutPowerOfOne,
  'cut the power of all': cutPowerOfAll,
  pause,
  'restart gently': restartGently,
  'isolate one': isolateOne,
  'isolate one way': isolateOneWay,
  'cut one link': cutOneLink,
  'split in two': splitInTwo,
  'slow link': slowLink,
  'break connections': breakConnections,
  'fail a sync': failSync,
  'lose a disk': loseDisk,
  'flip a bit': flipBit,
  'slow syncs': slowSyncs,
  'fill a disk': fillDisk,
  'stop the database': stopDatabase,
  'slow database': slowDatabase,
  'mute the database': muteDatabase,
  'jump the clock of the database': jumpClock,
  'roll the database back': rollBackDatabase,
  'flip the minimum in sync': flipMinimum,
  'elect preferred leaders': preferLeadersNow,
  reassign,
  drain,
  'replace a broker': replaceBroker,
  'delete and create a topic': recreateTopic,
}

const DAMAGING = ['fail a sync', 'lose a disk', 'flip a bit']
const ROLLBACK = 'roll the database back'
/** Seeds that do it. */
const ROLLBACK_ONE_IN = 12
/** Somebody who has seen what a backup lacks must be heard. */
const BESIDE_ROLLBACK = [
  'kill one',
  'cut the power of one',
  'pause',
  'restart gently',
  'isolate one',
  'isolate one way',
  'cut one link',
  'slow link',
  'break connections',
  'slow syncs',
  'fill a disk',
  'slow database',
  'stop the database',
  'mute the database',
]
const PAUSES_MS = [400, 1_500, 4_000, 10_000] as const

/** A random subset of the kinds and a pace of its own: seeds differ in what they look at. */
export class Nemesis {
  readonly kinds: readonly string[]
  readonly #parts: {
    readonly cluster: SimCluster
    readonly topics: Topics
    readonly random: SeededRandom
  }
  readonly #meanPauseMs: number
  /** What was done when, for the report of a failed seed. */
  readonly log: string[] = []
  readonly counts = new Map<string, number>()

  /** `only` are the kinds to choose from; none: those that the seed draws. */
  constructor(
    parts: {
      readonly cluster: SimCluster
      readonly topics: Topics
      readonly random: SeededRandom
    },
    only: readonly string[],
  ) {
    for (const kind of only) {
      if (!(kind in faults))
        throw new Error(`${kind} is none of: ${Object.keys(faults).join(', ')}`)
    }
    this.#parts = parts
    const { random } = parts
    const chosen = only.length > 0 ? only : draw(random)
    // A lower minimum tolerates no failed disk.
    const mayFlip = !DAMAGING.some((kind) => chosen.includes(kind))
    const kinds = chosen.filter((kind) => mayFlip || kind !== 'flip the minimum in sync')
    this.kinds = kinds.length > 0 ? kinds : ['kill one']
    this.#meanPauseMs = pickFrom(random, PAUSES_MS)
  }

  /** Ends when the time is over and every fault has ended. */
  async run(ms: number): Promise<void> {
    const { cluster, random } = this.#parts
    const endMs = cluster.scheduler.nowMs + ms
    const over = new AbortController()
    cluster.journal.later(ms, () => over.abort())
    const wait = async (waitMs: number): Promise<boolean> => {
      await cluster.sleep(waitMs, over.signal)
      return !over.signal.aborted
    }
    const note = (what: string): void => this.#note(what)
    const underWay: Promise<void>[] = []
    while (cluster.scheduler.nowMs < endMs) {
      await wait(-Math.log(1 - random.next()) * this.#meanPauseMs)
      if (over.signal.aborted) break
      const kind = pickFrom(random, this.kinds)
      this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1)
      const fault = (faults[kind] as Fault)({ ...this.#parts, note, wait })
      // What it finds is told at the end.
      fault.catch(() => undefined)
      underWay.push(fault)
    }
    await Promise.all(underWay)
  }

  /** Everything works from now on. */
  heal(): void {
    const { cluster } = this.#parts
    this.#note('all is healed')
    cluster.links.heal()
    cluster.database.heal()
    for (const node of cluster.nodes) {
      node.machine.heal()
      if (node.isDown) node.start()
    }
  }

  #note(what: string): void {
    const { cluster } = this.#parts
    this.log.push(`${(cluster.scheduler.nowMs / 1_000).toFixed(3)} s: ${what}`)
    cluster.journal.tell('nemesis', () => what)
  }
}

function draw(random: SeededRandom): string[] {
  const share = [0.15, 0.3, 0.6, 1][random.below(4)] ?? 1
  const mayRestart = random.below(ROLLBACK_ONE_IN) > 0
  return Object.keys(faults).filter((kind) => {
    const isDrawn = random.next() < share
    if (!mayRestart) return kind === ROLLBACK || (isDrawn && BESIDE_ROLLBACK.includes(kind))
    return isDrawn && kind !== ROLLBACK
  })
}

import { SeededRandom } from '@courant/kernel'
import { SimDisk } from '@courant/log/simulation/disk'
import { NO_FAULT, type Pace, SimStorage } from '@courant/log/simulation/storage'
import type { Links } from '../network/links.ts'
import type { Scheduler } from './scheduler.ts'
import { type Death, type ProcessRole, SimProcess } from './sim-process.ts'

export interface DiskKnobs {
  readonly callMs: number
  readonly syncMs: number
}

const FREE_BYTES = 1e12

/** A host: one process at a time, and a disk that outlives it. */
export class Machine {
  readonly host: string
  readonly role: ProcessRole
  readonly #scheduler: Scheduler
  readonly #links: Links
  readonly #random: SeededRandom
  readonly #diskKnobs: DiskKnobs
  readonly #wallSkewMs: number
  disk = new SimDisk()
  #storage: SimStorage | null = null
  #process: SimProcess | null = null
  #syncExtraMs = 0

  constructor(
    place: { readonly host: string; readonly role: ProcessRole; readonly wallSkewMs: number },
    parts: {
      readonly scheduler: Scheduler
      readonly links: Links
      readonly random: SeededRandom
      readonly disk: DiskKnobs
    },
  ) {
    this.host = place.host
    this.role = place.role
    this.#wallSkewMs = place.wallSkewMs
    this.#scheduler = parts.scheduler
    this.#links = parts.links
    this.#random = parts.random
    this.#diskKnobs = parts.disk
  }

  /** The process that runs here, if one does. */
  get process(): SimProcess | null {
    return this.#process?.isAlive === true ? this.#process : null
  }

  get storage(): SimStorage | null {
    return this.#storage
  }

  boot(): SimProcess {
    this.#links.setUp(this.host, true)
    const place = { host: this.host, role: this.role, wallSkewMs: this.#wallSkewMs }
    const process = new SimProcess(this.#scheduler, place, this.#random.below(2 ** 32))
    this.#process = process
    return process
  }

  /** The disk as a process of this machine sees it. */
  mount(process: SimProcess): SimStorage {
    const storage = new SimStorage(
      this.disk,
      this.#random.below(2 ** 32),
      NO_FAULT,
      this.#paceOf(process),
    )
    this.#storage = storage
    return storage
  }

  crash(how: Death): void {
    const { process } = this
    if (process === null) return
    process.die(how)
    this.#storage?.kill()
    if (how !== 'power') return
    this.#links.setUp(this.host, false)
    this.disk = this.disk.powerCut(this.#random)
  }

  replaceDisk(): void {
    this.disk = new SimDisk()
  }

  slowSyncs(extraMs: number): void {
    this.#syncExtraMs = extraMs
  }

  /** Nothing is slow, full or asleep any more. */
  heal(): void {
    this.#syncExtraMs = 0
    this.disk.freeBytes = FREE_BYTES
    this.process?.wake()
  }

  #paceOf(process: SimProcess): Pace {
    const { callMs, syncMs } = this.#diskKnobs
    return (call, random) =>
      new Promise((resolve) => {
        const isSync = call === 'sync'
        const longestMs = isSync ? 2 * syncMs : 2 * callMs
        const extraMs = isSync ? this.#syncExtraMs : 0
        process.later(random.next() * longestMs + extraMs, resolve)
      })
  }
}

export function seedOf(random: SeededRandom): SeededRandom {
  return new SeededRandom(random.below(2 ** 32))
}

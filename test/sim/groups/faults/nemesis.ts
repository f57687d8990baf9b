import type { Journal } from '../../src/cluster/journal.ts'
import type { World } from '../world.ts'
import { allFaults, type GroupFault } from './all-faults.ts'

/** Strikes with a subset of the faults that the seed draws, and takes back what lasts. */
export class Nemesis {
  readonly counts = new Map<string, number>()
  readonly #world: World
  readonly #journal: Journal
  readonly #faults: readonly GroupFault[]
  readonly #lasting = new Set<() => void>()
  #isOver = false

  constructor(world: World, journal: Journal, only: readonly string[]) {
    const { random } = world
    this.#world = world
    this.#journal = journal
    const known = allFaults.filter(({ name }) => only.length === 0 || only.includes(name))
    const drawn = only.length > 0 ? known : known.filter(() => random.below(2) === 0)
    this.#faults = drawn.length > 0 ? drawn : known
  }

  start(): void {
    const { options, random, scheduler } = this.#world
    scheduler.at(random.next() * 2 * options.faultEveryMs, null, () => {
      if (this.#isOver) return
      this.#strike()
      this.start()
    })
  }

  /** Nothing is wrong any more. */
  heal(): void {
    this.#isOver = true
    for (const end of [...this.#lasting]) end()
    const { controlPlanes, gateways, members } = this.#world
    for (const { process } of [...controlPlanes, ...gateways, ...members]) process?.wake()
    for (const node of [...controlPlanes, ...gateways, ...members]) {
      if (node.process === null) node.boot()
    }
  }

  #strike(): void {
    const { random, scheduler } = this.#world
    const fault = this.#faults[random.below(this.#faults.length)]
    const takeBack = fault?.strike(this.#world) ?? null
    if (fault === undefined || takeBack === null) return
    this.counts.set(fault.name, (this.counts.get(fault.name) ?? 0) + 1)
    this.#journal.tell('nemesis', () => fault.name)
    const end = (): void => {
      if (!this.#lasting.delete(end)) return
      this.#journal.tell('nemesis', () => `${fault.name} is over`)
      takeBack()
    }
    this.#lasting.add(end)
    scheduler.at(random.next() * 2 * fault.lastsMs, null, end)
  }
}

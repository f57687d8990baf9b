import { assert } from '@courant/kernel'
import { REGION_START } from './ring-layout.ts'

/** A cycle and where it lies. */
export interface RingPlace {
  readonly cycle: number
  readonly position: number
}

/** Where the live cycles of the ring lie, and where the next one fits. Pure bookkeeping. */
export class RingPlaces {
  readonly #ringBytes: number
  /** Positions of the live cycles from `#tailCycle` on; those before `#first` are released. */
  #positions: number[] = []
  #first = 0
  #tailCycle: number
  #head: number

  /** An empty ring whose next cycle is looked for at `start`. */
  constructor(ringBytes: number, start: RingPlace) {
    this.#ringBytes = ringBytes
    this.#tailCycle = start.cycle
    this.#head = start.position
  }

  get tailCycle(): number {
    return this.#tailCycle
  }

  /** The next cycle, and where it will be looked for first. */
  get end(): RingPlace {
    return { cycle: this.#tailCycle + this.#count, position: this.#head }
  }

  get usedBytes(): number {
    if (this.#count === 0) return 0
    const distance = this.#head - this.#tailPosition
    return distance > 0 ? distance : distance + this.#ringBytes - REGION_START
  }

  placeOf(cycle: number): RingPlace {
    const position = this.#positions[this.#first + cycle - this.#tailCycle]
    if (position === undefined) {
      assert(cycle === this.end.cycle, 'a cycle that is neither live nor next')
      return this.end
    }
    return { cycle, position }
  }

  /** The next cycle has been written there. */
  add(position: number, bytes: number): void {
    this.#positions.push(position)
    this.#head = position + bytes
  }

  release(tailCycle: number): void {
    assert(tailCycle >= this.#tailCycle && tailCycle <= this.end.cycle, 'release out of range')
    this.#first += tailCycle - this.#tailCycle
    this.#tailCycle = tailCycle
    if (this.#first > 1024 && this.#first * 2 > this.#positions.length) {
      this.#positions = this.#positions.slice(this.#first)
      this.#first = 0
    }
  }

  /**
   * Where a cycle of that size fits, or null while the ring is too full. The head never reaches the
   * tail, so that equal positions are impossible in a ring that is not empty.
   */
  room(bytes: number): number | null {
    const isEmpty = this.#count === 0
    const tail = isEmpty ? 0 : this.#tailPosition
    if (!isEmpty && this.#head <= tail) return this.#head + bytes < tail ? this.#head : null
    if (this.#head + bytes <= this.#ringBytes) return this.#head
    if (isEmpty) return REGION_START
    return REGION_START + bytes < tail ? REGION_START : null
  }

  /** The parts of the region that no live cycle needs. */
  free(): { start: number; end: number }[] {
    const tail = this.#tailPosition
    const isEmpty = this.#count === 0
    if (!isEmpty && this.#head <= tail) return [{ start: this.#head, end: tail }]
    return [
      { start: this.#head, end: this.#ringBytes },
      { start: REGION_START, end: isEmpty ? this.#head : tail },
    ].filter(({ start, end }) => start < end)
  }

  get #count(): number {
    return this.#positions.length - this.#first
  }

  get #tailPosition(): number {
    return this.#positions[this.#first] ?? this.#head
  }
}

import type { SimProcess } from './sim-process.ts'

/** Something that will happen at a moment of virtual time. */
export interface SimEvent {
  readonly atMs: number
  /** In the order of scheduling: what is due at one moment happens in this order. */
  readonly sequence: number
  /** Whose event it is: it does not happen in a process that has died, and waits for one asleep. */
  readonly owner: SimProcess | null
  /** Null: cancelled. */
  callback: (() => void) | null
}

/** A binary heap of events, the next one first. */
export class EventQueue {
  readonly #heap: SimEvent[] = []

  get first(): SimEvent | null {
    return this.#heap[0] ?? null
  }

  push(event: SimEvent): void {
    const heap = this.#heap
    let at = heap.push(event) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = heap[parent] as SimEvent
      if (isBefore(above, event)) break
      heap[at] = above
      at = parent
    }
    heap[at] = event
  }

  pop(): SimEvent | null {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined) return null
    if (heap.length > 0) this.#sink(last)
    return first
  }

  #sink(event: SimEvent): void {
    const heap = this.#heap
    let at = 0
    while (true) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      const right = heap[child + 1]
      if (right !== undefined && isBefore(right, heap[child] as SimEvent)) child += 1
      const next = heap[child] as SimEvent
      if (isBefore(event, next)) break
      heap[at] = next
      at = child
    }
    heap[at] = event
  }
}

function isBefore(one: SimEvent, other: SimEvent): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.sequence < other.sequence)
}

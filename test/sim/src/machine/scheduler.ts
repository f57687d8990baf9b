/**
 * The one loop of a simulated cluster. Time stands still while anything can be done, and jumps to
 * the next event when nothing can.
 *
 * One event is one callback and everything that it causes at once: before the next event begins,
 * node has run all microtasks, because every event runs in an immediate of its own. Many are queued
 * ahead, so that node asks the kernel for input once for all of them.
 */
import type { Timer } from '@courant/kernel'
import { EventQueue, type SimEvent } from './event-queue.ts'
import type { SimProcess } from './sim-process.ts'

const realSetImmediate = globalThis.setImmediate
/** Immediates that are queued in one round of node's loop. */
const EVENTS_PER_ROUND = 64

export class Scheduler {
  readonly #queue = new EventQueue()
  /** `setImmediate` of the processes: before anything that is due later in this moment. */
  #immediates: SimEvent[] = []
  #nowMs = 0
  #sequence = 0
  #current: SimProcess | null = null
  #trace = 0
  #eventCount = 0
  /** An event has happened, and what follows from it has not been looked at yet. */
  #hasRun = false
  #afterEvent: (owner: SimProcess | null) => void = () => undefined

  /** Virtual milliseconds since the simulation began. */
  get nowMs(): number {
    return this.#nowMs
  }

  /** Whose event it is that happens now. */
  get current(): SimProcess | null {
    return this.#current
  }

  get eventCount(): number {
    return this.#eventCount
  }

  /** A digest of everything that has happened, to tell one run from another. */
  get trace(): number {
    return this.#trace >>> 0
  }

  /** Called when an event and all that it caused at once are over. */
  set afterEvent(callback: (owner: SimProcess | null) => void) {
    this.#afterEvent = callback
  }

  at(delayMs: number, owner: SimProcess | null, callback: () => void): Timer {
    const event: SimEvent = {
      atMs: this.#nowMs + Math.max(0, delayMs),
      sequence: this.#nextSequence(),
      owner,
      callback,
    }
    this.#queue.push(event)
    return {
      cancel: () => {
        event.callback = null
      },
    }
  }

  /** What a process has slept through happens now, in its order. */
  again(event: SimEvent): void {
    this.#queue.push(event)
  }

  /** Adds what has been decided or moved to the digest of the run. */
  note(value: number): void {
    this.#trace = (Math.imul(this.#trace ^ (value | 0), 0x01000193) + 0x9e3779b9) | 0
  }

  /** Runs until `done` has settled. Rejects when nothing is left to happen before that. */
  async run<Value>(done: Promise<Value>): Promise<Value> {
    const global = globalThis as { setImmediate: unknown }
    global.setImmediate = (callback: (...args: unknown[]) => void, ...args: unknown[]) =>
      this.#immediate(() => callback(...args))
    try {
      return await this.#loop(done)
    } finally {
      global.setImmediate = realSetImmediate
    }
  }

  #loop<Value>(done: Promise<Value>): Promise<Value> {
    return new Promise((resolve, reject) => {
      let isOver = false
      const end = (settle: () => void): void => {
        isOver = true
        settle()
      }
      done.then(
        (value) => end(() => resolve(value)),
        (error: unknown) => end(() => reject(error)),
      )
      const turn = (): void => {
        if (isOver) return
        try {
          this.#finishEvent()
          if (!this.#step()) throw new Error('nothing happens any more')
          realSetImmediate(turn)
        } catch (error) {
          end(() => reject(error))
        }
      }
      for (let index = 0; index < EVENTS_PER_ROUND; index += 1) realSetImmediate(turn)
    })
  }

  #finishEvent(): void {
    if (this.#hasRun) this.#afterEvent(this.#current)
    this.#hasRun = false
  }

  /** One event. False when there is none. */
  #step(): boolean {
    while (true) {
      const event = this.#immediates.shift() ?? this.#queue.pop()
      if (event === null) return false
      const { callback, owner } = event
      if (callback === null || owner?.isAlive === false) continue
      if (owner?.isAsleep === true) {
        owner.putOff(event)
        continue
      }
      this.#nowMs = Math.max(this.#nowMs, event.atMs)
      this.#current = owner
      this.#eventCount += 1
      this.#hasRun = true
      this.note(event.sequence)
      this.note(this.#nowMs * 1_000)
      callback()
      return true
    }
  }

  /** What a process puts off to the next turn of its event loop. */
  #immediate(callback: () => void): object {
    const event: SimEvent = {
      atMs: this.#nowMs,
      sequence: this.#nextSequence(),
      owner: this.#current,
      callback,
    }
    this.#immediates.push(event)
    return event
  }

  #nextSequence(): number {
    this.#sequence += 1
    return this.#sequence
  }
}

import { type KeyCounter, SpaceSaving } from './space-saving.ts'

/** How long a window gathers before the next one begins. */
export const KEY_WINDOW_MS = 60_000

/** The heaviest keys of a stretch of time, and how much there was in all. */
export class KeyWindow {
  readonly sketch = new SpaceSaving()
  startMs: number
  /** Of the batches that have been looked into, and those between them. */
  records = 0
  bytes = 0
  keylessRecords = 0
  keylessBytes = 0
  /** Records of which nothing is known, for they are compressed. */
  unseenRecords = 0

  constructor(startMs: number) {
    this.startMs = startMs
  }

  restart(startMs: number): void {
    this.startMs = startMs
    this.sketch.clear()
    this.records = 0
    this.bytes = 0
    this.keylessRecords = 0
    this.keylessBytes = 0
    this.unseenRecords = 0
  }
}

/**
 * Two windows that take turns: the one that gathers, and the one before it. Together they tell of
 * the last one to two minutes. Rejected: one sketch that decays, where every counter would be
 * touched again and again, and the bounds of its errors would be harder to tell.
 */
export class KeyWindows {
  #current: KeyWindow
  #previous: KeyWindow

  constructor(nowMs: number) {
    this.#current = new KeyWindow(nowMs)
    this.#previous = new KeyWindow(nowMs)
  }

  /** The window of this moment. A clock that was set back begins anew. */
  at(nowMs: number): KeyWindow {
    const ageMs = nowMs - this.#current.startMs
    if (ageMs >= 0 && ageMs < KEY_WINDOW_MS) return this.#current
    const next = this.#previous
    this.#previous = this.#current
    this.#current = next
    next.restart(nowMs)
    if (ageMs < 0 || ageMs >= 2 * KEY_WINDOW_MS) this.#previous.restart(nowMs)
    return next
  }

  /** The same, with the one before it. */
  both(nowMs: number): readonly [KeyWindow, KeyWindow] {
    const current = this.at(nowMs)
    return [this.#previous, current]
  }
}

/** Counters of two streams as one: what one does not know of a key is an error of the sum. */
export function mergedCounters(a: SpaceSaving, b: SpaceSaving): KeyCounter[] {
  const unknown = { a: a.unknownLoadMax, b: b.unknownLoadMax }
  const merged = new Map<string, KeyCounter>()
  for (const counter of a.counters()) {
    merged.set(identity(counter), plus(counter, unknown.b))
  }
  for (const counter of b.counters()) {
    const id = identity(counter)
    const other = merged.get(id)
    merged.set(id, other === undefined ? plus(counter, unknown.a) : sum(counter, other, unknown.b))
  }
  return [...merged.values()]
}

function plus(counter: KeyCounter, error: number): KeyCounter {
  return { ...counter, load: counter.load + error, error: counter.error + error }
}

/** `other` has been given the error of a key that is unknown on this side. */
function sum(counter: KeyCounter, other: KeyCounter, given: number): KeyCounter {
  return {
    ...counter,
    load: counter.load + other.load - given,
    error: counter.error + other.error - given,
    records: counter.records + other.records,
    bytes: counter.bytes + other.bytes,
  }
}

function identity({ key, keyLength, hash }: KeyCounter): string {
  return `${hash} ${keyLength} ${key.toString('latin1')}`
}

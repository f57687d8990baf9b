import { type KeyWindow, mergedCounters } from './key-window.ts'

/** One of the heaviest keys of a partition. */
interface HeavyKey {
  /** The key, or the first bytes of a long one. */
  readonly key: Buffer
  readonly keyLength: number
  /** Since the key has a counter; estimates, for records are sampled. */
  readonly records: number
  readonly bytes: number
  /** Records and bytes that came before, at most, in parts of 10 000 of all the load. */
  readonly missedLoad: number
}

/** What a partition's leader knows of its keys. */
export interface HeaviestKeys {
  /** How far back it reaches. */
  readonly windowMs: number
  /** In all, also without keys. */
  readonly records: number
  readonly bytes: number
  readonly keylessRecords: number
  readonly keylessBytes: number
  /** Beyond these: records that could not be looked into. */
  readonly unseenRecords: number
  /** Heaviest first. */
  readonly keys: readonly HeavyKey[]
}

const PARTS = 10_000

/**
 * In the order of what was counted, not of the estimates: in a stream of keys that never come again
 * all estimates are alike, and none of these keys is heavy.
 */
export function heaviestOf(
  windows: readonly [KeyWindow, KeyWindow],
  nowMs: number,
  keysMax: number,
): HeaviestKeys {
  const [previous, current] = windows
  const sum = (of: (window: KeyWindow) => number) => Math.round(of(previous) + of(current))
  const bytes = sum((window) => window.bytes)
  // A record's load is its bytes and the average's.
  const load = 2 * bytes
  const counters = mergedCounters(previous.sketch, current.sketch)
  counters.sort((a, b) => b.load - b.error - (a.load - a.error))
  return {
    windowMs: Math.max(0, nowMs - Math.min(previous.startMs, current.startMs)),
    records: sum((window) => window.records),
    bytes,
    keylessRecords: sum((window) => window.keylessRecords),
    keylessBytes: sum((window) => window.keylessBytes),
    unseenRecords: sum((window) => window.unseenRecords),
    keys: counters.slice(0, keysMax).map((counter) => ({
      key: counter.key,
      keyLength: counter.keyLength,
      records: Math.round(counter.records),
      bytes: Math.round(counter.bytes),
      missedLoad: load === 0 ? 0 : Math.ceil((PARTS * counter.error) / load),
    })),
  }
}

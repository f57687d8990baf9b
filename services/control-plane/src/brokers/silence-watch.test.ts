/**
 * Goal: a broker is fenced only for a silence that this process has heard itself, from end to end.
 */
import { describe, expect, it } from 'vitest'
import { type SessionReading, SilenceWatch } from './silence-watch.ts'

const TIMEOUT_MS = 1_000
const STEP_MS = 100

function session(brokerId: number, beat: number, hasExpired: boolean): SessionReading {
  return { brokerId, brokerEpoch: 1, expiresAt: `${beat}`, hasExpired }
}

/** Looks every step until `untilMs`; returns when each broker is first to be fenced. */
function watch(
  readingsAt: (ms: number) => SessionReading[] | 'away',
  untilMs: number,
): Map<number, number> {
  const silence = new SilenceWatch(TIMEOUT_MS, TIMEOUT_MS / 2)
  const fenced = new Map<number, number>()
  for (let ms = 0; ms <= untilMs; ms += STEP_MS) {
    const readings = readingsAt(ms)
    if (readings === 'away') {
      silence.interrupt()
      continue
    }
    for (const { brokerId } of silence.look(readings, ms)) {
      if (!fenced.has(brokerId)) fenced.set(brokerId, ms)
    }
  }
  return fenced
}

/** Four brokers that beat, of which some stop. */
function beating(ms: number, silent: readonly number[]): SessionReading[] {
  return [1, 2, 3, 4].map((id) => {
    const isSilent = silent.includes(id)
    return session(id, isSilent ? 0 : ms, isSilent)
  })
}

describe('a silent broker', () => {
  it('is fenced after a session timeout on our clock, whatever the clock of the database says', () => {
    expect(watch((ms) => beating(ms, [3]), 2_000)).toEqual(new Map([[3, TIMEOUT_MS]]))
  })

  it('is not fenced while its session has not expired', () => {
    const alive = () => [session(1, 0, false), session(2, 0, false)]
    expect(watch(alive, 5_000).size).toBe(0)
  })

  it('gets a whole session again after the database was away', () => {
    const fenced = watch((ms) => (ms === 800 ? 'away' : beating(ms, [3])), 3_000)
    expect(fenced).toEqual(new Map([[3, 900 + TIMEOUT_MS]]))
  })

  it('gets a whole session again after this process was stopped for a while', () => {
    const silence = new SilenceWatch(TIMEOUT_MS, TIMEOUT_MS / 2)
    expect(silence.look(beating(0, [3]), 0)).toEqual([])
    expect(silence.look(beating(9_000, [3]), 9_000)).toEqual([])
    expect(silence.look(beating(9_400, [3]), 9_400)).toEqual([])
  })

  it('waits one more session together with most others, and not when half are heard', () => {
    const most = watch((ms) => beating(ms, [1, 2, 3]), 4_000)
    expect([...most.values()]).toEqual([2, 2, 2].map((sessions) => sessions * TIMEOUT_MS))
    const half = watch((ms) => beating(ms, [1, 2]), 4_000)
    expect([...half.values()]).toEqual([TIMEOUT_MS, TIMEOUT_MS])
  })

  it('of three brokers is no mass unless all are silent', () => {
    const three = (silent: readonly number[]) => (ms: number) => beating(ms, silent).slice(0, 3)
    expect(watch(three([1, 2]), 4_000).get(1)).toBe(TIMEOUT_MS)
    expect(watch(three([1, 2, 3]), 4_000).get(1)).toBe(2 * TIMEOUT_MS)
  })
})

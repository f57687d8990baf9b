/** Goal: the age of any offset from samples of the end of its log, in little memory. */
import { expect, it } from 'vitest'
import { EndHistory } from './end-history.ts'

const SAMPLE_MS = 15_000
const WEEK_MS = 7 * 24 * 3_600_000

it('lies between the two samples that the end passed the offset in', () => {
  const history = new EndHistory()
  history.add(0, 100)
  history.add(10_000, 200)
  history.add(20_000, 200)
  expect(history.ageOf(100, 20_000)).toEqual({ ms: 20_000, isAtLeast: false })
  expect(history.ageOf(150, 20_000)).toEqual({ ms: 15_000, isAtLeast: false })
})

it('is a least age for what was there before the first sample, and unknown without one', () => {
  const history = new EndHistory()
  expect(history.ageOf(0, 1_000)).toBeNull()
  history.add(1_000, 100)
  expect(history.ageOf(99, 6_000)).toEqual({ ms: 5_000, isAtLeast: true })
  expect(history.ageOf(100, 6_000)).toBeNull()
})

it('begins anew where a log was cut back', () => {
  const history = new EndHistory()
  history.add(0, 100)
  history.add(10_000, 200)
  history.add(20_000, 150)
  history.add(30_000, 250)
  // The 160th record of then is gone; that of now was written after the cut.
  expect(history.ageOf(160, 30_000)?.ms).toBe(9_000)
})

it('stays right after a rest, of which two samples are kept', () => {
  const history = new EndHistory()
  for (let atMs = 0; atMs <= 3_600_000; atMs += SAMPLE_MS) history.add(atMs, 100)
  expect(history.size).toBe(2)
  history.add(3_600_000 + SAMPLE_MS, 200)
  for (let sample = 2; sample <= 60; sample++) {
    history.add(3_600_000 + sample * SAMPLE_MS, 200 + sample)
  }
  const age = history.ageOf(100, 3_600_000 + 60 * SAMPLE_MS)
  expect(age?.ms).toBe(60 * SAMPLE_MS)
})

it('is right to a quarter over a week of uneven traffic, from a few hundred numbers', () => {
  const history = new EndHistory()
  const written: { atMs: number; end: number }[] = []
  let end = 0
  for (let atMs = 0; atMs <= WEEK_MS; atMs += SAMPLE_MS) {
    const isNight = atMs % 86_400_000 < 28_800_000
    end += isNight ? 0 : 1 + ((atMs / SAMPLE_MS) % 977)
    history.add(atMs, end)
    written.push({ atMs, end })
  }
  expect(history.size).toBeLessThan(150)
  for (let index = 1; index < written.length; index += 101) {
    const [before, after] = [written[index - 1], written[index]]
    if (before === undefined || after === undefined || before.end === after.end) continue
    const trueMs = WEEK_MS - before.atMs
    const age = history.ageOf(before.end, WEEK_MS)
    expect(age?.isAtLeast).toBe(false)
    // Its last sample may be a step of the sampling away.
    expect(Math.abs((age?.ms ?? 0) - trueMs)).toBeLessThanOrEqual(0.25 * trueMs + SAMPLE_MS)
  }
})

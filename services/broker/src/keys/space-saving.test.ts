import { SeededRandom } from '@courant/kernel'
import { describe, expect, it } from 'vitest'
import { mergedCounters } from './key-window.ts'
import { type KeyCounter, SpaceSaving } from './space-saving.ts'

const CAPACITY = 16

/** The sketch of a stream, and the truth. */
class Checked {
  readonly sketch = new SpaceSaving(CAPACITY)
  readonly truth = new Map<string, number>()
  total = 0

  add(key: string, load: number): void {
    // Amid other bytes, as in a batch.
    const bytes = Buffer.from(`<${key}>`)
    this.sketch.add(bytes, 1, bytes.length - 1, load, 1, load)
    this.truth.set(key, (this.truth.get(key) ?? 0) + load)
    this.total += load
  }
}

type Stream = (checked: Checked, random: SeededRandom, adds: number) => void

const streams: Readonly<Record<string, Stream>> = {
  'a few heavy keys among many': (checked, random, adds) => {
    for (let index = 0; index < adds; index += 1) {
      checked.add(`key-${Math.floor(1 / (random.next() + 1e-3))}`, 1 + random.below(100))
    }
  },
  'keys that never come again': (checked, _random, adds) => {
    for (let index = 0; index < adds; index += 1) checked.add(`once-${index}`, 1)
  },
  'a heavy key that comes first, then others only': (checked, _random, adds) => {
    checked.add('first', adds)
    for (let index = 0; index < adds; index += 1) checked.add(`other-${index}`, 1)
  },
  'one key more than there are counters, in turns': (checked, _random, adds) => {
    for (let index = 0; index < adds; index += 1) checked.add(`turn-${index % (CAPACITY + 1)}`, 1)
  },
  'a heavy key in small parts, after each of which all counters are taken': (
    checked,
    random,
    adds,
  ) => {
    for (let index = 0; index < adds; index += 1) {
      checked.add('heavy', 2)
      for (let other = 0; other < 3; other += 1) checked.add(`light-${random.below(10_000)}`, 1)
    }
  },
}

function expectBounds(
  counters: readonly KeyCounter[],
  truth: ReadonlyMap<string, number>,
  errorMax: number,
): void {
  for (const { key, load, error, bytes } of counters) {
    const real = truth.get(key.toString()) ?? 0
    expect(load).toBeGreaterThanOrEqual(real)
    expect(load - error).toBeLessThanOrEqual(real)
    expect(error).toBeLessThanOrEqual(errorMax)
    expect(bytes).toBe(load - error)
  }
  const known = new Set(counters.map(({ key }) => key.toString()))
  for (const [key, real] of truth) if (real > errorMax) expect(known).toContain(key)
}

describe.each(Object.entries(streams))('a sketch of %s', (_name, stream) => {
  it.each([1, 2, 3])('keeps the bounds of Space-Saving, seed %i', (seed) => {
    const checked = new Checked()
    stream(checked, new SeededRandom(seed), 400)
    const { sketch, truth, total } = checked
    expectBounds([...sketch.counters()], truth, total / CAPACITY)
    const loads = [...sketch.counters()].reduce((sum, { load }) => sum + load, 0)
    expect(loads).toBe(total)
  })

  it.each(Object.entries(streams))(
    'keeps them when it is merged with one of %s',
    (_other, next) => {
      const first = new Checked()
      const second = new Checked()
      stream(first, new SeededRandom(7), 300)
      next(second, new SeededRandom(8), 200)
      const truth = new Map(first.truth)
      for (const [key, load] of second.truth) truth.set(key, (truth.get(key) ?? 0) + load)
      const merged = mergedCounters(first.sketch, second.sketch)
      expectBounds(merged, truth, (first.total + second.total) / CAPACITY)
    },
  )
})

describe('a sketch', () => {
  it('tells apart long keys that begin alike, and an empty key from none', () => {
    const sketch = new SpaceSaving(CAPACITY)
    const long = (end: string) => Buffer.from(`${'x'.repeat(300)}${end}`)
    for (const key of [long('a'), long('b'), long('a'), Buffer.alloc(0)]) {
      sketch.add(key, 0, key.length, 1, 1, 1)
    }
    const kept = [...sketch.counters()].map(({ key, keyLength, load }) => [
      key.length,
      keyLength,
      load,
    ])
    expect(kept).toEqual([
      [256, 301, 2],
      [256, 301, 1],
      [0, 0, 1],
    ])
  })

  it('knows nothing more after it was cleared', () => {
    const checked = new Checked()
    for (let index = 0; index < 100; index += 1) checked.add(`k${index}`, 5)
    checked.sketch.clear()
    expect([...checked.sketch.counters()]).toEqual([])
    expect(checked.sketch.unknownLoadMax).toBe(0)
  })
})

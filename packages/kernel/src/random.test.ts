import { describe, expect, it } from 'vitest'
import { isUuid } from './ids.ts'
import { SeededRandom } from './random.ts'

describe('SeededRandom', () => {
  it('repeats itself from the same seed and differs from another', () => {
    const draw = (seed: number): number[] => {
      const random = new SeededRandom(seed)
      return Array.from({ length: 100 }, () => random.next())
    }
    expect(draw(7)).toEqual(draw(7))
    expect(draw(7)).not.toEqual(draw(8))
  })

  it('stays in [0, 1) and fills the range evenly', () => {
    const random = new SeededRandom(1)
    const buckets = new Array<number>(10).fill(0)
    for (let draw = 0; draw < 100_000; draw++) {
      const index = Math.floor(random.next() * 10)
      buckets[index] = (buckets[index] ?? 0) + 1
    }
    expect(buckets).toHaveLength(10)
    for (const count of buckets) expect(Math.abs(count - 10_000)).toBeLessThan(500)
  })

  it('makes well-formed UUIDs', () => {
    expect(isUuid(new SeededRandom(3).uuid())).toBe(true)
  })
})

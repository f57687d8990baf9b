import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Share } from '../accumulator/share.ts'
import { BufferPool } from '../fetch/buffer-pool.ts'
import { PendingProduce } from './pending-produce.ts'
import { asListItem, resultsText, writtenResults } from './results.ts'

it('says the same of written records as bytes and as text, in the order of the records', () => {
  const partitions = fc.array(fc.integer({ min: 0, max: 9_999 }), { minLength: 1, maxLength: 30 })
  const offset = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER - 100 })
  fc.assert(
    fc.property(partitions, offset, fc.boolean(), fc.boolean(), (places, base, given, appended) => {
      const timestamps = given ? Float64Array.from(places, (place) => place * 1_000_003) : null
      const pending = new PendingProduce(places.length, Int32Array.from(places), timestamps, 1_764)
      for (const partition of new Set(places)) {
        const count = places.filter((place) => place === partition).length
        const share = new Share(partition, count, 0, () => pending.shareDecided())
        pending.addShare(share)
        const first = Math.ceil(count / 2)
        const appendTime = appended ? 1_765 : -1
        share.acknowledge({ count: first, baseOffset: base, appendTime })
        if (count > first) {
          share.acknowledge({ count: count - first, baseOffset: base + 50, appendTime })
        }
      }
      const results = writtenResults(pending, new BufferPool())
      const text = typeof results === 'string' ? results : results.bytes.toString()
      expect(text).toBe(`{"results":[${resultsText(pending, 'r', asListItem)}],"failed":0}`)
      const answer = JSON.parse(text)
      expect(answer.results.map(({ partition }: { partition: number }) => partition)).toEqual(
        places,
      )
    }),
  )
})

import fc from 'fast-check'
import type { Record } from '../src/index.ts'

const part = fc.option(
  fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes)),
  { nil: null },
)

/** A record without its offset: any bytes, any timestamp that a clock could have shown. */
const anyRecord: fc.Arbitrary<Omit<Record, 'offset'>> = fc.record({
  timestamp: fc.integer({ min: 0, max: 2 ** 52 }),
  key: part,
  value: part,
  headers: fc.array(fc.record({ name: fc.string({ unit: 'grapheme' }), value: part }), {
    maxLength: 4,
  }),
})

export const anyRecords: fc.Arbitrary<Omit<Record, 'offset'>[]> = fc.array(anyRecord, {
  minLength: 1,
  maxLength: 40,
})

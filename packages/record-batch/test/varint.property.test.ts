import fc from 'fast-check'
import { expect, it } from 'vitest'
import { VarintReader, varintSize, writeVarint } from '../src/varint.ts'

/** Kafka's definition, in exact arithmetic. */
function oracle(value: number): number[] {
  let rest = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n))
  const bytes: number[] = []
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  return [...bytes, Number(rest)]
}

const anySafeInteger = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer(),
  fc.integer({ min: -70, max: 70 }),
  fc.constantFrom(
    ...[6, 13, 20, 27, 31, 32, 34, 41, 48, 52].flatMap((n) => [2 ** n, -(2 ** n) - 1]),
  ),
  fc.constantFrom(Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, -0),
)

it('writes every safe integer as Kafka defines it, in the size it said', () => {
  fc.assert(
    fc.property(anySafeInteger, (value) => {
      const bytes = Buffer.alloc(10)
      const end = writeVarint(bytes, value, 0)
      expect([...bytes.subarray(0, end)]).toEqual(oracle(value))
      expect(varintSize(value)).toBe(end)
    }),
    { numRuns: 1000 },
  )
})

it('reads back every safe integer, and refuses one beyond its type', () => {
  fc.assert(
    fc.property(anySafeInteger, (value) => {
      const bytes = Buffer.from(oracle(value))
      expect(new VarintReader(bytes, 0, bytes.length).varlong()).toBe(value + 0)
      const narrow = new VarintReader(bytes, 0, bytes.length)
      if (value === (value | 0)) expect(narrow.varint()).toBe(value + 0)
      else expect(() => narrow.varint()).toThrow('out of range')
    }),
    { numRuns: 1000 },
  )
})

it('refuses a number that does not end', () => {
  const endless = Buffer.alloc(20, 0xff)
  expect(() => new VarintReader(endless, 0, 20).varlong()).toThrow('out of range')
  expect(() => new VarintReader(endless, 0, 3).varlong()).toThrow('in the middle')
})

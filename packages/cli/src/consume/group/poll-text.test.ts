import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parsePoll } from './poll-text.ts'

const REST = { leaseToken: 't', leaseExpiresAt: 1, assignment: [], revoked: [] }

function answer(...records: readonly string[]): string {
  return `{"records":[${records.join(',')}],${JSON.stringify(REST).slice(1)}`
}

test('whatever records hold, each comes out as the text that it was', () => {
  const value = fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue({ maxDepth: 1 }))
  const records = fc.array(fc.dictionary(fc.string(), value, { maxKeys: 3 }), { maxLength: 3 })
  fc.assert(
    fc.property(records, (values) => {
      const texts = values.map((value) => JSON.stringify(value))
      expect(parsePoll(answer(...texts))).toEqual({ records: texts, rest: REST })
    }),
  )
})

test('braces, quotes and backslashes in strings end nothing, and numbers keep their digits', () => {
  const texts = [String.raw`{"value":"}\\\"]{"}`, '{"value":12345678901234567890}']
  expect(parsePoll(answer(...texts)).records).toEqual(texts)
})

test('a record is one line, also one whose value was written over several', () => {
  expect(parsePoll(answer('{"value":{\r\n"a":1}}')).records).toEqual(['{"value":{  "a":1}}'])
})

test('another order of the members is understood', () => {
  const text = JSON.stringify({ ...REST, records: [{ value: 1 }] })
  expect(parsePoll(text)).toEqual({ records: ['{"value":1}'], rest: REST })
})

test.each(['{"records":[{"value":"', '{"records":[{"value":1', '{"records":[{}', 'x'])(
  'an answer that was cut off is no answer: %s',
  (text) => expect(() => parsePoll(text)).toThrow(SyntaxError),
)

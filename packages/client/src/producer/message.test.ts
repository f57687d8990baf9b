import { expect, test } from 'vitest'
import { encodeMessage } from './message.ts'

test('text, bytes, JSON and tombstones each become what is stored as they are', () => {
  expect(JSON.parse(encodeMessage({ key: '', value: 'a' }))).toEqual({ key: '', valueText: 'a' })
  expect(JSON.parse(encodeMessage({ key: null, value: Uint8Array.of(255) }))).toEqual({
    valueBase64: '/w==',
  })
  expect(JSON.parse(encodeMessage({ key: Uint8Array.of(0), json: { a: [1] } }))).toEqual({
    keyBase64: 'AA==',
    value: { a: [1] },
  })
  expect(JSON.parse(encodeMessage({ value: null }))).toEqual({ value: null })
})

test('null as JSON is four characters and no tombstone', () => {
  expect(JSON.parse(encodeMessage({ json: null }))).toEqual({ valueText: 'null' })
})

test('a message without a value, with two, or with one that JSON does not know is refused', () => {
  expect(() => encodeMessage({ key: 'a' })).toThrow(TypeError)
  expect(() => encodeMessage({ value: 'a', json: 'a' })).toThrow(TypeError)
  expect(() => encodeMessage({ json: () => 1 })).toThrow(TypeError)
})

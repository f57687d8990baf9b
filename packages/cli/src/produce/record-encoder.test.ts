import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseKeyPath } from './key-field.ts'
import { type InputFormat, type RecordDefaults, RecordEncoder } from './record-encoder.ts'

function encode(
  line: string | Uint8Array,
  format: InputFormat,
  keyField?: string,
  defaults: RecordDefaults = {},
) {
  const path = keyField === undefined ? null : parseKeyPath(keyField)
  return new RecordEncoder(format, path, defaults).encode(Buffer.from(line as string))
}

test('any line of text is sent such that the server stores its bytes', () => {
  const check = (bytes: Uint8Array): void => {
    const encoded = encode(bytes, 'text')
    const { valueText, valueBase64 } = JSON.parse(
      encoded !== null && 'line' in encoded ? encoded.line : '',
    )
    const stored =
      valueText === undefined ? Buffer.from(valueBase64, 'base64') : Buffer.from(valueText)
    expect(stored).toEqual(Buffer.from(bytes))
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 32 }), check))
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 32 }), (text) => check(Buffer.from(text))),
  )
})

test('JSON keeps the digits and spaces that it was given', () => {
  const line = '{"id": 12345678901234567890, "total": 1.0}'
  expect(encode(line, 'json', 'id')).toEqual({
    line: `{"value":${line},"key":"12345678901234567890"}`,
  })
})

test('a key is the text or the number of a member, at any depth', () => {
  const line = '{"a/b":{"c":"x"},"n":7,"f":1.50,"l":[10,20]}'
  const keyAt = (field: string): unknown => {
    const encoded = encode(line, 'json', field)
    return encoded !== null && 'line' in encoded ? JSON.parse(encoded.line).key : encoded
  }
  expect([keyAt('/a~1b/c'), keyAt('n'), keyAt('f'), keyAt('/l/1')]).toEqual([
    'x',
    '7',
    '1.50',
    '20',
  ])
  for (const field of ['missing', 'l', '/a~1b', 'toString', '__proto__']) {
    expect(keyAt(field)).toEqual({ problem: expect.stringContaining(field) })
  }
})

test('a line cannot smuggle members into the record around it', () => {
  expect(encode('1,"partition":3', 'json')).toEqual({ problem: expect.stringContaining('JSON') })
  expect(encode('1}\r{"value":2', 'json')).toEqual({ problem: expect.stringContaining('JSON') })
})

test('what all records are given is put into each', () => {
  const defaults = { key: 'k"', partition: 3, headers: { source: 'test' } }
  const encoded = encode('hello', 'text', undefined, defaults)
  expect(encoded !== null && 'line' in encoded && JSON.parse(encoded.line)).toEqual({
    valueText: 'hello',
    ...defaults,
  })
})

test('records go as they are; blank lines are none, except where any line is a value', () => {
  const record = '{"key":"a","value":1.0,"headers":[]}'
  expect(encode(`${record}\r`, 'record')).toEqual({ line: record })
  expect([encode(' \t', 'record'), encode('', 'json')]).toEqual([null, null])
  expect(encode('', 'text')).toEqual({ line: '{"valueText":""}' })
})

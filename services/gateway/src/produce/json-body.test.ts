import { BusError, limits } from '@courant/kernel'
import { emptyRecordSource, RecordBatch, RecordBatchBuilder } from '@courant/record-batch'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anyJson } from '../../test/records/arbitrary-json.ts'
import { readRecords } from '../../test/records/read-records.ts'
import { JsonBody } from './json-body.ts'
import { ParsedRecords } from './parsed-records.ts'

const now = 1_764_000_000_000

function parse(text: string | Buffer): ParsedRecords {
  const records = new ParsedRecords()
  const body = new JsonBody(Buffer.from(text), records, { partitionCount: 12, now })
  while (!body.next());
  return records
}

/** The records as they would be stored. */
function stored(text: string | Buffer) {
  const records = parse(text)
  const builder = new RecordBatchBuilder(0)
  const source = emptyRecordSource()
  for (let index = 0; index < records.count; index += 1) {
    records.fill(source, index, now)
    builder.append(source)
  }
  return readRecords(new RecordBatch(builder.seal()))
}

function errorOf(text: string | Buffer): BusError {
  try {
    parse(text)
  } catch (error) {
    if (error instanceof BusError) return error
    throw error
  }
  throw new Error('the body was accepted')
}

/** `COURANT_FUZZ_RUNS` makes it a long run. */
const RUNS = Number(process.env['COURANT_FUZZ_RUNS'] ?? 2_000)

describe('a JSON body', () => {
  it('keeps every value as the bytes that were sent', () => {
    fc.assert(
      fc.property(fc.array(anyJson, { minLength: 1, maxLength: 5 }), (values) => {
        const text = `{"records":[${values.map((value) => `{"value": ${value} }`).join(' , ')}]}`
        const expected = values.map((value) => (value === 'null' ? null : Buffer.from(value)))
        expect(stored(text).map((record) => record.value)).toEqual(expected)
      }),
    )
  })

  it.each([
    '12345678901234567890',
    '1.0',
    '{"a":1,"a":2}',
    '"\\u00e9\\/"',
    '"\\ud800"',
    '{"__proto__":{"x":1}}',
    '{ "spaced" : [ 1 , 2 ] }',
  ])('keeps %s', (value) => {
    expect(stored(`{"records":[{"value":${value}}]}`)[0]?.value?.toString()).toBe(value)
  })

  it('tells an absent key from an empty one, and null is absent', () => {
    const records = stored(
      '{"records":[{"value":1},{"key":"","value":1},{"key":null,"value":1,"headers":null}]}',
    )
    expect(records.map(({ key }) => key?.toString() ?? null)).toEqual([null, '', null])
  })

  it('takes text and base64 for keys and values, unescaped and decoded', () => {
    const [record] = stored(
      '{"records":[{"keyBase64":"AP8=","valueText":"a\\"\\u00e9\\ud83d\\ude00\\u0000"}]}',
    )
    expect(record?.key).toEqual(Buffer.from([0, 255]))
    expect(record?.value?.toString()).toBe('a"é😀\0')
  })

  it('takes headers as an object or a list, repeated names and null values included', () => {
    const expected = [
      { name: 'a', value: Buffer.from('1') },
      { name: 'a', value: Buffer.from([255]) },
      { name: '__proto__', value: null },
    ]
    const list =
      '[{"name":"a","value":"1"},{"name":"a","valueBase64":"/w=="},{"name":"__proto__","value":null}]'
    expect(stored(`{"records":[{"value":1,"headers":${list}}]}`)[0]?.headers).toEqual(expected)
    const object = '{"a":"1","a":"2","__proto__":"x"}'
    expect(stored(`{"records":[{"value":1,"headers":${object}}]}`)[0]?.headers).toEqual([
      { name: 'a', value: Buffer.from('1') },
      { name: 'a', value: Buffer.from('2') },
      { name: '__proto__', value: Buffer.from('x') },
    ])
  })

  it('takes a partition and a timestamp, and a record as it was read', () => {
    const records = parse(
      '{"records":[{"offset":7,"timestamp":1764000000001,"key":"k","value":1,"headers":[],"partition":3}]}',
    )
    expect([records.partition(0), records.timestamp(0)]).toEqual([3, 1_764_000_000_001])
  })

  it('understands a field name that is escaped', () => {
    expect(stored('{"\\u0072ecords":[{"\\u0076alue":1}]}')[0]?.value?.toString()).toBe('1')
  })

  it.each([
    ['not JSON', '{"records":[{"value":01}]}', 'INVALID_JSON', '/records/0'],
    ['cut off', '{"records":[{"value":1}', 'INVALID_JSON', '/records'],
    ['followed by more', '{"records":[{"value":1}]} x', 'INVALID_JSON', ''],
    ['a list', '[]', 'INVALID_ARGUMENT', ''],
    ['empty', '', 'INVALID_JSON', ''],
    ['an empty object', '{}', 'INVALID_ARGUMENT', '/records'],
    ['without records', '{"records":[]}', 'INVALID_ARGUMENT', '/records'],
    ['with records that are no list', '{"records":{}}', 'INVALID_ARGUMENT', '/records'],
    ['with another member', '{"record~/s":[]}', 'INVALID_ARGUMENT', '/record~0~1s'],
    [
      'with records twice',
      '{"records":[{"value":1}],"records":[]}',
      'INVALID_ARGUMENT',
      '/records',
    ],
    ['a number for a record', '{"records":[1]}', 'INVALID_RECORD', '/records/0'],
    [
      'an unknown field',
      '{"records":[{"value":1},{"vale":1}]}',
      'INVALID_RECORD',
      '/records/1/vale',
    ],
    [
      '__proto__ for a field',
      '{"records":[{"__proto__":1}]}',
      'INVALID_RECORD',
      '/records/0/__proto__',
    ],
    ['a field twice', '{"records":[{"key":"a","key":"b"}]}', 'INVALID_RECORD', '/records/0/key'],
    ['no value', '{"records":[{"key":"a"}]}', 'INVALID_RECORD', '/records/0'],
    ['null for valueText', '{"records":[{"valueText":null}]}', 'INVALID_RECORD', '/records/0'],
    ['two values', '{"records":[{"value":1,"valueText":"a"}]}', 'INVALID_RECORD', '/records/0'],
    [
      'two keys',
      '{"records":[{"value":1,"key":"a","keyBase64":""}]}',
      'INVALID_RECORD',
      '/records/0',
    ],
    ['a number for a key', '{"records":[{"key":1}]}', 'INVALID_RECORD', '/records/0/key'],
    [
      'bad base64',
      '{"records":[{"valueBase64":"AP8"}]}',
      'INVALID_RECORD',
      '/records/0/valueBase64',
    ],
    [
      'a lone surrogate',
      '{"records":[{"valueText":"\\ud800"}]}',
      'INVALID_RECORD',
      '/records/0/valueText',
    ],
    [
      'text for a partition',
      '{"records":[{"partition":"1"}]}',
      'INVALID_RECORD',
      '/records/0/partition',
    ],
    [
      'a fraction for a partition',
      '{"records":[{"partition":1.0}]}',
      'INVALID_RECORD',
      '/records/0/partition',
    ],
    [
      'a partition that is not there',
      '{"records":[{"partition":12}]}',
      'INVALID_RECORD',
      '/records/0/partition',
    ],
    [
      'a negative timestamp',
      '{"records":[{"timestamp":-1}]}',
      'INVALID_TIMESTAMP',
      '/records/0/timestamp',
    ],
    [
      'a timestamp too far ahead',
      `{"records":[{"timestamp":${now + limits.timestampAheadMsMax + 1}}]}`,
      'INVALID_TIMESTAMP',
      '/records/0/timestamp',
    ],
    ['a number for headers', '{"records":[{"headers":1}]}', 'INVALID_RECORD', '/records/0/headers'],
    [
      'a number for a header',
      '{"records":[{"headers":{"a/b":1}}]}',
      'INVALID_RECORD',
      '/records/0/headers/a~1b',
    ],
    [
      'a header without a name',
      '{"records":[{"headers":[{"value":""}]}]}',
      'INVALID_RECORD',
      '/records/0/headers/0/name',
    ],
    [
      'a header without a value',
      '{"records":[{"headers":[{"name":""}]}]}',
      'INVALID_RECORD',
      '/records/0/headers/0',
    ],
    [
      'an unknown field in a header',
      '{"records":[{"headers":[{"nam":""}]}]}',
      'INVALID_RECORD',
      '/records/0/headers/0/nam',
    ],
    [
      'a header name that is too long',
      `{"records":[{"headers":{"${'x'.repeat(1025)}":""}}]}`,
      'INVALID_RECORD',
      '/records/0/headers',
    ],
    [
      'too many headers',
      `{"records":[{"value":1,"headers":[${'{"name":"a","value":""},'.repeat(256)}{"name":"a","value":""}]}]}`,
      'INVALID_RECORD',
      '/records/0/headers',
    ],
    [
      'a value that nests too deep',
      `{"records":[{"value":${'['.repeat(33)}${']'.repeat(33)}}]}`,
      'INVALID_JSON',
      '/records/0',
    ],
  ])('is refused when it is %s', (_, text, code, pointer) => {
    const error = errorOf(text)
    expect(error.code).toBe(code)
    expect(error.violations[0]?.pointer).toBe(pointer)
    expect(error.detail.length).toBeGreaterThan(10)
  })

  it('is refused when it is not UTF-8', () => {
    const text = Buffer.from('{"records":[{"valueText":"x"}]}')
    text[text.indexOf('x')] = 0xff
    expect(errorOf(text).code).toBe('INVALID_JSON')
  })

  it('is refused beyond its number of records, before all of them are parsed', () => {
    const text = `{"records":[${'{"value":1},'.repeat(limits.bodyRecordsMax)}{"value":1}]}`
    expect(errorOf(text).code).toBe('PAYLOAD_TOO_LARGE')
  })

  it('is parsed in slices, so that other requests get their turn', () => {
    const text = `{"records":[${`{"valueText":"${'x'.repeat(1000)}"},`.repeat(2000)}{"value":1}]}`
    const records = new ParsedRecords()
    const body = new JsonBody(Buffer.from(text), records, { partitionCount: 1, now })
    let slices = 1
    while (!body.next()) slices += 1
    expect(slices).toBeGreaterThan(3)
    expect(records.count).toBe(2001)
  })

  it('is parsed in slices even where one value is nearly all of it', () => {
    const value = `[${'[1,"a"],'.repeat(200_000)}{}]`
    const records = new ParsedRecords()
    const text = `{"records":[{"key":"a","value":${value},"partition":3},{"value":null}]}`
    const body = new JsonBody(Buffer.from(text), records, { partitionCount: 12, now })
    let slices = 1
    while (!body.next()) slices += 1
    expect(slices).toBeGreaterThan(5)
    expect([records.count, records.partition(0)]).toEqual([2, 3])
    expect(stored(text).map((record) => record.value?.toString() ?? null)).toEqual([value, null])
    expect(errorOf(text.replace('{}]', '{]')).code).toBe('INVALID_JSON')
  })

  it('is refused at the first header too many, whatever follows', () => {
    const { recordHeadersMax } = limits
    for (const [headers, rest] of [
      [`{${'"a":"",'.repeat(recordHeadersMax)}`, '"a":'],
      [`[${'{"name":"a","value":""},'.repeat(recordHeadersMax)}`, '{"name'],
    ]) {
      const error = errorOf(`{"records":[{"value":1,"headers":${headers}${rest}`)
      expect(error.code).toBe('INVALID_RECORD')
      expect(error.detail).toContain(`at most ${recordHeadersMax} headers`)
    }
  })

  it('is told of an unknown name no more than it takes to find it', () => {
    const name = 'n'.repeat(1_000_000)
    for (const text of [
      `{"${name}":1}`,
      `{"records":[{"${name}":1}]}`,
      `{"records":[{"headers":{"${name}":""}}]}`,
      `{"records":[{"headers":[{"${name}":""}]}]}`,
    ]) {
      const { detail, violations } = errorOf(text)
      expect(detail.length).toBeLessThan(500)
      expect(violations[0]?.pointer.length).toBeLessThan(200)
    }
  })

  it('answers any bytes with records or a BusError', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
          fc.string({ unit: 'binary-ascii' }).map((text) => Buffer.from(`{"records":[{${text}}]}`)),
        ),
        (bytes) => {
          try {
            parse(bytes)
          } catch (error) {
            expect(error).toBeInstanceOf(BusError)
          }
        },
      ),
      { numRuns: RUNS },
    )
  })
})

/**
 * Goal: any record that can be stored can be read, in every format and layout, and written again as
 * it was read with identical bytes. Stored bytes never break out of the place where they are shown.
 */
import {
  emptyRecordSource,
  RecordBatch,
  RecordBatchBuilder,
  recordSource,
} from '@courant/record-batch'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type PageLayout, RecordPage } from '../../src/fetch/record-page.ts'
import type { RecordFormat } from '../../src/fetch/record-writer.ts'
import { JsonBody } from '../../src/produce/json-body.ts'
import { ParsedRecords } from '../../src/produce/parsed-records.ts'
import { almostJson, anyJson } from './arbitrary-json.ts'
import { readRecords } from './read-records.ts'

const bytes = fc.oneof(
  anyJson.map((text) => Buffer.from(text)),
  almostJson.map((text) => Buffer.from(text)),
  fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 20 }).map((array) => Buffer.from(array)),
  fc
    .constantFrom('null', ' 1', '1\n', '{"a":\n1}', '"},{"offset":7', '\u2028', ']}', '', '\r')
    .map((text) => Buffer.from(text)),
)
const part = fc.option(bytes, { nil: null })
const record = fc.record({
  timestamp: fc.integer({ min: 0, max: 1_764_000_000_000 }),
  key: part,
  value: part,
  headers: fc.array(fc.record({ name: fc.string({ unit: 'grapheme' }), value: part }), {
    maxLength: 3,
  }),
})
const records = fc.array(record, { minLength: 1, maxLength: 5 })

function batchOf(given: readonly Parameters<typeof recordSource>[0][]): Buffer {
  const builder = new RecordBatchBuilder(0)
  for (const each of given) builder.append(recordSource(each))
  return builder.seal()
}

function show(batch: Buffer, format: RecordFormat, layout: PageLayout): string {
  const page = new RecordPage(batch, { offset: 0, maxRecords: 100, format, layout })
  while (!page.next());
  return (layout === 'list' ? page.takeDocument('"end":0}') : page.take()).toString()
}

/** The texts of the single records, as a client finds them. */
function recordTexts(shown: string, layout: PageLayout): string[] {
  if (layout === 'lines') return shown.split('\n').slice(0, -1)
  if (layout === 'list') return [shown.slice('{"records":['.length, -'],"end":0}'.length)]
  return shown
    .split('\n\n')
    .slice(0, -1)
    .map((event) => event.split('\n')[1]?.slice('data: '.length) ?? '')
}

function writeAgain(text: string): Buffer {
  const parsed = new ParsedRecords()
  const body = new JsonBody(Buffer.from(`{"records":[${text}]}`), parsed, {
    partitionCount: 1,
    now: 1_764_000_000_000,
  })
  while (!body.next());
  const builder = new RecordBatchBuilder(0)
  const source = emptyRecordSource()
  for (let index = 0; index < parsed.count; index += 1) {
    parsed.fill(source, index, -7)
    builder.append(source)
  }
  return builder.seal()
}

describe.each<[RecordFormat, PageLayout]>([
  ['json', 'list'],
  ['json', 'lines'],
  ['json', 'events'],
  ['text', 'list'],
  ['text', 'lines'],
  ['base64', 'list'],
  ['base64', 'events'],
])('format %s, layout %s', (format, layout) => {
  it('writes again what it shows, byte for byte', () => {
    fc.assert(
      fc.property(records, (given) => {
        const batch = batchOf(given)
        const texts = recordTexts(show(batch, format, layout), layout)
        const again = writeAgain(texts.join(','))
        expect(readRecords(new RecordBatch(again))).toEqual(readRecords(new RecordBatch(batch)))
      }),
    )
  })

  it('shows as many records as there are, and null only for a tombstone', () => {
    fc.assert(
      fc.property(records, (given) => {
        const texts = recordTexts(show(batchOf(given), format, layout), layout)
        const shown: { value?: unknown }[] = JSON.parse(`[${texts.join(',')}]`)
        expect(shown.map((each) => each.value === null)).toEqual(
          given.map(({ value }) => value === null),
        )
      }),
    )
  })
})

it('begins at the offset that was asked for, within a batch, and stops at the count', () => {
  const given = Array.from({ length: 10 }, (_, index) => ({ timestamp: 1, value: `${index}` }))
  const page = new RecordPage(batchOf(given), {
    offset: 4,
    maxRecords: 3,
    format: 'json',
    layout: 'lines',
  })
  while (!page.next());
  const offsets = page
    .take()
    .toString()
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line).offset)
  expect(offsets).toEqual([4, 5, 6])
  expect(page.nextOffset).toBe(7)
})

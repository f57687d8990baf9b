/**
 * Goal: any record that can be stored can be read, in every format and layout, and written again as
 * it was read with identical bytes. Stored bytes never break out of the place where they are shown.
 */

import { offset as offsetOf } from '@courant/kernel'
import {
  emptyRecordSource,
  RecordBatch,
  RecordBatchBuilder,
  recordSource,
} from '@courant/record-batch'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EncodedBatches } from '../../src/fetch/encoded-batches.ts'
import { type PageLayout, type PageOptions, RecordPage } from '../../src/fetch/record-page.ts'
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
  const options = { partition: 'p', offset: 0, maxRecords: 100, format, layout }
  const page = new RecordPage(batch, options, new EncodedBatches())
  while (!page.next());
  return (layout === 'list' ? page.takeDocument('"end":0}').bytes : page.take()).toString()
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

describe.each<PageLayout>(['list', 'lines', 'events'])('a page of layout %s', (layout) => {
  const sizes = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 })

  it('is the same whether its batches were encoded before or not, wherever it is cut', () => {
    fc.assert(
      fc.property(
        sizes,
        fc.nat(),
        fc.integer({ min: 1, max: 20 }),
        (counts, chosen, maxRecords) => {
          const { bytes, end } = logOf(counts)
          const offset = chosen % (end + 1)
          const options = { partition: 'p', offset, maxRecords, format: 'json', layout } as const
          const cold = encode(bytes, options, new EncodedBatches())
          const known = new EncodedBatches()
          encode(bytes, { ...options, offset: 0, maxRecords: end }, known)
          expect(known.bytes).toBeGreaterThan(0)
          expect(encode(bytes, options, known)).toEqual(cold)
          expect(cold.offsets).toEqual(
            Array.from(
              { length: Math.min(maxRecords, end - offset) },
              (_, index) => offset + index,
            ),
          )
          expect(cold.nextOffset).toBe(offset + cold.offsets.length)
        },
      ),
    )
  })
})

it('never takes the text of one batch for that of another', () => {
  const known = new EncodedBatches()
  const options = {
    partition: 'p',
    offset: 0,
    maxRecords: 9,
    format: 'json',
    layout: 'lines',
  } as const
  const textOf = (value: string, partition: string): string => {
    const page = new RecordPage(
      batchOf([{ timestamp: 1, value }]),
      { ...options, partition },
      known,
    )
    while (!page.next());
    return page.take().toString()
  }
  expect(textOf('"a"', 'p')).toContain('"a"')
  expect(textOf('"b"', 'p')).toContain('"b"')
  expect(textOf('"a"', 'q')).toContain('"a"')
  expect(textOf('"a"', 'p')).toContain('"a"')
})

/** Batches of so many records, one behind the other, with growing offsets. */
function logOf(counts: readonly number[]): { readonly bytes: Buffer; readonly end: number } {
  let end = 0
  const batches = counts.map((count) => {
    const values = Array.from({ length: count }, (_, index) => ({
      timestamp: 1,
      value: `${index}`,
    }))
    const bytes = batchOf(values)
    new RecordBatch(bytes).stampBaseOffset(offsetOf(end))
    end += count
    return bytes
  })
  return { bytes: Buffer.concat(batches), end }
}

function encode(bytes: Buffer, options: PageOptions, known: EncodedBatches) {
  const page = new RecordPage(bytes, options, known)
  while (!page.next());
  const { nextOffset, recordCount } = page
  const text = (
    options.layout === 'list' ? page.takeDocument('"end":0}').bytes : page.take()
  ).toString()
  const texts = recordTexts(text, options.layout)
  const records: { offset: number }[] = JSON.parse(`[${texts.join(',')}]`)
  expect(records.length).toBe(recordCount)
  return { nextOffset, text, offsets: records.map(({ offset }) => offset) }
}

/**
 * The shapes of records as they travel. The produce parses by hand; these document what it takes.
 */
import { limits } from '@courant/kernel'
import { Type } from 'typebox'
import { CLOSED, nullable, Timestamp } from '../schemas.ts'

const HeaderItem = Type.Object(
  {
    name: Type.String({ description: `At most ${limits.headerNameBytesMax} bytes.` }),
    value: Type.Optional(nullable(Type.String())),
    valueBase64: Type.Optional(Type.String()),
  },
  { $id: 'RecordHeader', ...CLOSED },
)

/** A record as a caller sends it. */
export const GivenRecord = Type.Object(
  {
    key: Type.Optional(nullable(Type.String({ description: 'Stored as UTF-8.' }))),
    keyBase64: Type.Optional(nullable(Type.String({ description: 'Instead of `key`.' }))),
    value: Type.Optional(
      Type.Unknown({
        description:
          'Any JSON, stored as the bytes that were sent: numbers, member order and escapes stay ' +
          'as they are. `null` is a tombstone. Exactly one of `value`, `valueText` and ' +
          '`valueBase64` is given.',
      }),
    ),
    valueText: Type.Optional(nullable(Type.String({ description: 'Stored raw, as UTF-8.' }))),
    valueBase64: Type.Optional(nullable(Type.String({ description: 'Stored decoded.' }))),
    headers: Type.Optional(
      Type.Unsafe<unknown>({
        description: 'An object of name to string, or a list of `{name, value | valueBase64}`.',
        anyOf: [
          { type: 'object', additionalProperties: { type: ['string', 'null'] } },
          Type.Array(HeaderItem, { maxItems: limits.recordHeadersMax }),
          { type: 'null' },
        ],
      }),
    ),
    partition: Type.Optional(
      nullable(
        Type.Integer({
          minimum: 0,
          description: 'Absent: by the hash of the key as Java clients compute it, else any one.',
        }),
      ),
    ),
    timestamp: Type.Optional(nullable(Timestamp)),
    offset: Type.Optional(
      nullable(
        Type.Integer({
          description: 'Of no effect: a record can be sent as it was read, and gets a new one.',
        }),
      ),
    ),
  },
  { $id: 'GivenRecord', ...CLOSED },
)

/** What became of one record. */
export const ProduceResult = Type.Object(
  {
    partition: Type.Integer(),
    offset: nullable(Type.Integer({ description: 'Null where it is not known, or not written.' })),
    timestamp: Type.Optional(Timestamp),
    problem: Type.Optional(
      Type.Unknown({ description: 'Why the record was not written: a problem like any other.' }),
    ),
  },
  { $id: 'ProduceResult' },
)

export const ProduceResults = Type.Object({
  results: Type.Array(ProduceResult, { description: 'In the order of the records.' }),
  failed: Type.Integer({ description: 'How many of them were not written.' }),
})

/** A record as a read answers it. */
export const ReadRecord = Type.Object(
  {
    offset: Type.Integer(),
    timestamp: Type.Integer(),
    key: Type.Optional(nullable(Type.String())),
    keyBase64: Type.Optional(Type.String({ description: 'A key that is not UTF-8.' })),
    value: Type.Optional(
      Type.Unknown({ description: 'The stored JSON; `null` only ever means a tombstone.' }),
    ),
    valueText: Type.Optional(Type.String({ description: 'A value that is UTF-8 and not JSON.' })),
    valueBase64: Type.Optional(Type.String({ description: 'Any other value.' })),
    headers: Type.Array(HeaderItem),
  },
  { $id: 'ReadRecord' },
)

export const RecordPageAnswer = Type.Object({
  records: Type.Array(ReadRecord),
  nextOffset: Type.Integer({ description: 'Where to go on reading.' }),
  highWatermark: Type.Integer({ description: 'End of what consumers may see.' }),
  logStartOffset: Type.Integer({ description: 'The first offset that is still there.' }),
  lastStableOffset: Type.Integer({
    description: 'End of what is not part of an open transaction.',
  }),
})

import type { ForeignBatch } from './kafkajs.ts'

const T = 1_764_000_000_000

function bytes(text: string): Buffer {
  return Buffer.from(text)
}

function plain(timestamp: number, key: string | null, value: string | null) {
  const part = (text: string | null) => (text === null ? null : bytes(text))
  return { timestamp, key: part(key), value: part(value), headers: [] }
}

/** What the golden vectors hold, by the name of their file in `vectors/`. */
export const goldenBatches: Readonly<{ [name: string]: ForeignBatch }> = {
  'one-record': {
    baseOffset: 0,
    leaderEpoch: 0,
    compression: 'none',
    records: [plain(T, 'cust-9', '{"total":4200}')],
  },
  'null-and-empty': {
    baseOffset: 41_209,
    leaderEpoch: 7,
    compression: 'none',
    records: [plain(T, null, ''), plain(T, '', null), plain(T, null, null)],
  },
  'timestamps-that-go-back': {
    baseOffset: 5,
    leaderEpoch: 1,
    compression: 'none',
    records: [plain(T, 'a', '1'), plain(T - 86_400_000, 'b', '2'), plain(T + 3_600_000, 'c', '3')],
  },
  headers: {
    baseOffset: 0,
    leaderEpoch: 0,
    compression: 'none',
    records: [
      {
        ...plain(T, 'k', 'v'),
        headers: [
          { name: 'eventType', value: bytes('OrderPlaced') },
          { name: 'grüße', value: Buffer.from([0, 255]) },
          { name: 'empty', value: bytes('') },
        ],
      },
    ],
  },
  'long-lengths': {
    baseOffset: Number.MAX_SAFE_INTEGER - 300,
    leaderEpoch: 0x7fffffff,
    compression: 'none',
    records: Array.from({ length: 70 }, (_, index) =>
      plain(T + index * 97, `key-${index}`, 'x'.repeat(index * 3)),
    ),
  },
  'idempotent-producer': {
    baseOffset: 12,
    leaderEpoch: 3,
    compression: 'none',
    producer: { id: 4_294_967_296 + 17, epoch: 5, baseSequence: 0x7ffffffe },
    records: [plain(T, 'a', '1'), plain(T, 'a', '2'), plain(T, 'a', '3')],
  },
  gzip: {
    baseOffset: 100,
    leaderEpoch: 2,
    compression: 'gzip',
    records: Array.from({ length: 20 }, (_, index) => plain(T + index, `k${index % 3}`, 'courant')),
  },
}

/** Heavy keys as callers see them. */
import { isUtf8 } from 'node:buffer'
import { limits } from '@courant/kernel'
import { Type } from 'typebox'
import type { HeaviestKeys } from '../../keys/heaviest-keys.ts'

const share = (description: string) => Type.Number({ minimum: 0, maximum: 1, description })

export const HeavyKey = Type.Object(
  {
    key: Type.Optional(Type.String({ description: 'If it is UTF-8.' })),
    keyBase64: Type.Optional(Type.String({ description: 'If it is not.' })),
    keyLength: Type.Integer({
      description:
        `Bytes of the whole key; of one with more than ${limits.sketchedKeyBytesMax}, \`key\` ` +
        'or `keyBase64` is the beginning.',
    }),
    records: Type.Integer(),
    bytes: Type.Integer(),
    recordsShare: share('Of the records of the partition.'),
    bytesShare: share('Of its bytes.'),
    missedShareMax: share('What may be missing in these shares, taken together, at most.'),
  },
  { $id: 'HeavyKey' },
)

export function heavyKeyView(
  { key, keyLength, records, bytes, missedLoad }: HeaviestKeys['keys'][number],
  of: HeaviestKeys,
) {
  return {
    ...keyText(key ?? Buffer.alloc(0), keyLength),
    keyLength,
    records,
    bytes,
    recordsShare: shareOf(records, of.records),
    bytesShare: shareOf(bytes, of.bytes),
    missedShareMax: Math.min(1, missedLoad / 10_000),
  }
}

function keyText(bytes: Buffer, keyLength: number): { key: string } | { keyBase64: string } {
  const text = keyLength > bytes.length ? withoutHalfCharacter(bytes) : bytes
  return isUtf8(text) ? { key: text.toString() } : { keyBase64: bytes.toString('base64') }
}

/** A long key may have been cut within a character, of at most four bytes. */
function withoutHalfCharacter(bytes: Buffer): Buffer {
  for (let cut = 0; cut < 4; cut += 1) {
    const shorter = bytes.subarray(0, bytes.length - cut)
    if (isUtf8(shorter)) return shorter
  }
  return bytes
}

function shareOf(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.min(1, Math.round((10_000 * part) / whole) / 10_000)
}

export const sampleHeavyKey = {
  key: 'cust-9',
  keyLength: 6,
  records: 61_240,
  bytes: 7_348_800,
  recordsShare: 0.62,
  bytesShare: 0.6,
  missedShareMax: 0.0012,
}

/** Goal: whole bodies and streams agree on where an encoded body ends, and nothing is dropped. */
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { constants, gzipSync, zstdCompressSync } from 'node:zlib'
import { BusError } from '@courant/kernel'
import { describe, expect, it } from 'vitest'
import { decodeBody, decodingBody } from './content-encoding.ts'

const checksum = { params: { [constants.ZSTD_c_checksumFlag]: 1 } }
const encodings = [
  ['gzip', (text: string) => gzipSync(text)],
  ['zstd', (text: string) => zstdCompressSync(text, checksum)],
] as const

/** What becomes of the bytes as a whole body, and as streams in pieces of several sizes. */
async function decodedIn(encoding: 'gzip' | 'zstd', sent: Buffer): Promise<Set<string>> {
  const outcomes = [textOf(decodeBody(sent, encoding, 1_000))]
  for (const size of [1, 7, sent.length]) {
    const pieces: Buffer[] = []
    for (let at = 0; at < sent.length; at += size) pieces.push(sent.subarray(at, at + size))
    outcomes.push(textOf(buffer(decodingBody(Readable.from(pieces), encoding))))
  }
  return new Set(await Promise.all(outcomes))
}

function textOf(decoding: Promise<Buffer>): Promise<string> {
  return decoding.then(String, (error: unknown) => BusError.from(error).code)
}

describe.each(encodings)('a body in %s', (encoding, compress) => {
  const first = compress('first ')
  const second = compress('second')

  it('may have several parts', async () => {
    expect(await decodedIn(encoding, first)).toEqual(new Set(['first ']))
    const both = Buffer.concat([first, second])
    expect(await decodedIn(encoding, both)).toEqual(new Set(['first second']))
  })

  it('is refused when it is cut off, at every byte', async () => {
    const both = Buffer.concat([first, second])
    for (let size = 1; size < both.length; size += 1) {
      if (size === first.length) continue
      const cut = both.subarray(0, size)
      expect(await decodedIn(encoding, cut)).toEqual(new Set(['INVALID_ARGUMENT']))
    }
  })

  it.each(['\0', '\0'.repeat(64), 'garbage', '{"records":[]}'])(
    'is refused with %j behind it',
    async (stray) => {
      const followed = Buffer.concat([first, Buffer.from(stray)])
      expect(await decodedIn(encoding, followed)).toEqual(new Set(['INVALID_ARGUMENT']))
    },
  )

  it('may end in any byte, the first of another part too', async () => {
    let found = 0
    for (let index = 0; found < 2; index += 1) {
      const sent = compress(`record ${index}`)
      if (sent.at(-1) !== sent[0] && sent.at(-1) !== 0) continue
      found += 1
      expect(await decodedIn(encoding, sent)).toEqual(new Set([`record ${index}`]))
      const begun = Buffer.concat([sent, sent.subarray(0, 1)])
      expect(await decodedIn(encoding, begun)).toEqual(new Set(['INVALID_ARGUMENT']))
    }
  })

  it('is decoded up to the limit only', async () => {
    const bomb = compress(' '.repeat(1_001))
    await expect(decodeBody(bomb, encoding, 1_000)).rejects.toThrow(RangeError)
  })
})

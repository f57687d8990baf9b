import { BusError, limits } from '@courant/kernel'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fetchApi, produceApi, RequestRouter } from '../src/index.ts'
import { WireReader } from '../src/wire-reader.ts'
import { arbitraryMessage } from './arbitrary.ts'
import { codecs, written } from './codecs.ts'

describe('hostile bytes', () => {
  it.each(codecs)('random bytes are refused with a BusError or decoded: $name', (codec) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expectBusErrorOrNothing(() => codec.decode(Buffer.from(bytes)))
      }),
      { numRuns: 100 },
    )
  })

  it.each(codecs)('every truncation of a message is refused: $name', (codec) => {
    const messages = arbitraryMessage(codec.node, codec.version, codec.flexibleSince)
    fc.assert(
      fc.property(messages, (message) => {
        const whole = codec.encode(message)
        for (let length = 0; length < Math.min(whole.length, 120); length++) {
          expect(() => codec.decode(whole.subarray(0, length))).toThrow(BusError)
        }
      }),
      { numRuns: 3 },
    )
  })

  it.each(codecs)('a flipped byte crashes nothing: $name', (codec) => {
    const messages = arbitraryMessage(codec.node, codec.version, codec.flexibleSince)
    fc.assert(
      fc.property(messages, fc.nat(), fc.integer({ min: 1, max: 255 }), (message, at, mask) => {
        const bytes = codec.encode(message)
        const position = bytes.length === 0 ? 0 : at % bytes.length
        bytes[position] = (bytes[position] ?? 0) ^ mask
        expectBusErrorOrNothing(() => codec.decode(bytes))
      }),
      { numRuns: 50 },
    )
  })

  it('a byte behind the last field is refused', () => {
    const body = { topics: [], timeoutMs: 0, acks: 1, transactionalId: null }
    const bytes = written((writer) => produceApi.encodeRequest(writer, 9, body))
    const longer = Buffer.concat([bytes, Buffer.alloc(1)])
    expect(() => produceApi.decodeRequest(new WireReader(longer), 9)).toThrow('follow')
  })

  it('an array that promises more elements than bytes is refused before it is made', () => {
    const header = written((writer) => {
      writer.nullableString(null)
      writer.int16(1)
      writer.int32(0)
      writer.int32(0x7fff_ffff)
    })
    expect(() => produceApi.decodeRequest(new WireReader(header), 3)).toThrow('longer than')
  })

  it('small elements cannot multiply into unbounded memory', () => {
    const count = limits.frameElementsMax + 1
    const body = written((writer) => {
      for (const value of [-1, 0, 0, 0]) writer.int32(value)
      writer.int8(0)
      writer.int32(count)
      for (let index = 0; index < count; index++) {
        writer.string('')
        writer.int32(0)
      }
    })
    expect(() => fetchApi.decodeRequest(new WireReader(body), 4)).toThrow('array elements')
  })

  it.each([
    ['a 64-bit integer beyond 2^53', Buffer.from('7fffffffffffffff', 'hex'), 'int64'],
    ['a varint without end', Buffer.alloc(6, 0xff), 'unsignedVarint'],
    ['a varint of more than 32 bits', Buffer.from('ffffffff7f', 'hex'), 'unsignedVarint'],
    ['a string that is not UTF-8', Buffer.from('0002c328', 'hex'), 'string'],
    ['null for a string that cannot be null', Buffer.from('ffff', 'hex'), 'string'],
    ['a string of negative length', Buffer.from('fffe', 'hex'), 'nullableString'],
    ['records of negative length', Buffer.from('fffffffe', 'hex'), 'records'],
  ] as const)('%s is refused', (_, bytes, method) => {
    expect(() => new WireReader(bytes)[method]()).toThrow(BusError)
  })

  it('a compact string longer than a classic one can be is refused', () => {
    const longest = written((writer) => writer.compactString('x'.repeat(0x7fff)))
    expect(new WireReader(longest).compactString().length).toBe(0x7fff)
    const longer = written((writer) => writer.compactString('x'.repeat(0x8000)))
    expect(() => new WireReader(longer).compactString()).toThrow('too long')
  })

  it('tagged fields out of order, repeated or with a wrong size are refused', () => {
    for (const hex of ['0201000100', '020000000000', '010005']) {
      const reader = new WireReader(Buffer.from(hex, 'hex'))
      expect(() => reader.taggedFields(() => false)).toThrow(BusError)
    }
    const tooLong = new WireReader(Buffer.from('01000200ff', 'hex'))
    const readOne = (_: number, content: WireReader) => content.int8() === 0
    expect(() => tooLong.taggedFields(readOne)).toThrow('follow')
  })

  it('a router refuses any frame with a BusError or opens it', () => {
    const router = new RequestRouter().on(produceApi, () => {}).on(fetchApi, () => {})
    fc.assert(
      fc.property(
        fc.constantFrom(0, 1, 18, 19),
        fc.integer({ min: -1, max: 14 }),
        fc.uint8Array({ maxLength: 80 }),
        (apiKey, version, rest) => {
          const frame = Buffer.concat([Buffer.from([0, apiKey, 0, version & 0xff]), rest])
          expectBusErrorOrNothing(() => router.open(new WireReader(frame), owner))
        },
      ),
      { numRuns: 500 },
    )
  })
})

const owner = {
  remoteAddress: 'nobody',
  isOpen: true,
  takes: () => true,
  whenTaken: () => {},
  whenSent: () => {},
  answered: () => {},
  shookHands: () => {},
}

function expectBusErrorOrNothing(action: () => unknown): void {
  try {
    action()
  } catch (error) {
    expect(error).toBeInstanceOf(BusError)
  }
}

import { limits } from '@courant/kernel'
import { describe, expect, it } from 'vitest'
import { WireWriter } from './wire-writer.ts'

describe('WireWriter', () => {
  it('puts small frames of one turn into one chunk', () => {
    const writer = new WireWriter()
    for (let index = 0; index < 10; index++) writer.frame(() => writer.int32(index))
    const chunks = writer.take()
    expect(chunks.map(({ length }) => length)).toEqual([80])
  })

  it('passes large records through without a copy', () => {
    const writer = new WireWriter()
    const records = Buffer.alloc(100_000)
    writer.frame(() => {
      writer.records([records, records])
      writer.int8(7)
    })
    const [before, first, second, after] = writer.take()
    expect(before?.toString('hex')).toBe('00030d4500030d40')
    expect(first).toBe(records)
    expect(second).toBe(records)
    expect(after?.toString('hex')).toBe('07')
  })

  it('never writes into bytes that it has handed out', () => {
    const writer = new WireWriter()
    writer.string('first')
    const taken = Buffer.concat(writer.take()).toString('hex')
    const chunks = writer.take()
    writer.string('second')
    expect(chunks).toEqual([])
    expect(taken).toBe(Buffer.from('\0\x05first').toString('hex'))
    expect(Buffer.concat(writer.take()).toString()).toBe('\0\x06second')
  })

  it('leaves no trace of a frame that failed, wherever it failed', () => {
    const writer = new WireWriter()
    writer.frame(() => writer.int32(1))
    for (const size of [1, 5_000, 100_000]) {
      expect(() =>
        writer.frame(() => {
          writer.int32(size)
          writer.bytes(Buffer.alloc(size))
          writer.int8(1_000)
        }),
      ).toThrow('an int8 has 8 bits')
    }
    writer.frame(() => writer.int32(2))
    expect(Buffer.concat(writer.take()).toString('hex')).toBe('00000004000000010000000400000002')
  })

  it('refuses a frame beyond the limit', () => {
    const writer = new WireWriter()
    const records = Buffer.alloc(limits.frameBytesMax)
    expect(() => writer.frame(() => writer.records(records))).toThrow('PAYLOAD_TOO_LARGE')
    expect(writer.take()).toEqual([])
  })
})

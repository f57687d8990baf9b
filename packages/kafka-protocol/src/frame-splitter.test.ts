import { BusError } from '@courant/kernel'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FrameSplitter } from './frame-splitter.ts'

const FRAME_BYTES_MAX = 100_000

describe('FrameSplitter', () => {
  it('yields the same frames however the stream is cut', () => {
    const frames = fc.array(fc.uint8Array({ minLength: 4, maxLength: 400 }), { maxLength: 20 })
    const cuts = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(frames, cuts, (bodies, sizes) => {
        expect(split(streamOf(bodies), sizes)).toEqual(bodies.map((body) => Buffer.from(body)))
      }),
    )
  })

  it('joins a frame that arrives byte by byte', () => {
    const body = Buffer.alloc(90_000, 'abcdefg')
    expect(split(streamOf([body, body]), [1])).toEqual([body, body])
  })

  it('reads a frame inside one chunk where it lies', () => {
    const stream = streamOf([Buffer.from('frame')])
    const [frame] = split(stream, [stream.length])
    expect(frame?.buffer).toBe(stream.buffer)
  })

  it('keeps nothing of borrowed chunks, and lends its frames', () => {
    const frames = fc.array(fc.uint8Array({ minLength: 4, maxLength: 400 }), { maxLength: 20 })
    const cuts = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(frames, cuts, (bodies, sizes) => {
        const splitter = new FrameSplitter(FRAME_BYTES_MAX, 'borrowed')
        const seen: Buffer[] = []
        for (const chunk of chunksOf(streamOf(bodies), sizes)) {
          const borrowed = Buffer.from(chunk)
          splitter.push(borrowed, (frame) => seen.push(Buffer.from(frame.bytes(frame.remaining))))
          borrowed.fill(0xff)
        }
        expect(seen).toEqual(bodies.map((body) => Buffer.from(body)))
        expect(splitter.heldBytes).toBe(0)
      }),
    )
  })

  it('gives owned frames memory of their own, which nobody writes over', () => {
    const frames = fc.array(fc.uint8Array({ minLength: 4, maxLength: 400 }), { maxLength: 20 })
    const cuts = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(frames, cuts, (bodies, sizes) => {
        const splitter = new FrameSplitter(FRAME_BYTES_MAX, 'owned')
        const seen: Buffer[] = []
        for (const chunk of chunksOf(streamOf(bodies), sizes)) {
          const borrowed = Buffer.from(chunk)
          splitter.push(borrowed, (frame) => seen.push(frame.bytes(frame.remaining)))
          borrowed.fill(0xff)
        }
        expect(seen).toEqual(bodies.map((body) => Buffer.from(body)))
        expect(new Set(seen.map(({ buffer }) => buffer)).size).toBe(seen.length)
      }),
    )
  })

  it.each([-1, 0, 3, FRAME_BYTES_MAX + 1, 0x7fff_ffff])('refuses a length of %i', (length) => {
    const prefix = Buffer.alloc(4)
    prefix.writeInt32BE(length)
    for (const sizes of [[4], [1]]) {
      expect(() => split(prefix, sizes)).toThrow(BusError)
    }
  })

  it('keeps no more than has arrived of a frame that promises the limit', () => {
    const splitter = new FrameSplitter(0x7fff_fff0)
    const prefix = Buffer.alloc(4)
    prefix.writeInt32BE(0x7fff_fff0)
    const before = process.memoryUsage().arrayBuffers
    splitter.push(prefix, () => {})
    for (let index = 0; index < 10_000; index++) splitter.push(Buffer.alloc(1), () => {})
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * 1024 * 1024)
    expect(splitter.heldBytes).toBeLessThanOrEqual(4 * 10_004)
  })
})

function streamOf(bodies: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    bodies.flatMap((body) => {
      const prefix = Buffer.alloc(4)
      prefix.writeInt32BE(body.length)
      return [prefix, Buffer.from(body)]
    }),
  )
}

/** The stream in chunks of the sizes, over and over. */
function* chunksOf(stream: Buffer, sizes: readonly number[]): Generator<Buffer> {
  let position = 0
  for (let index = 0; position < stream.length; index++) {
    const end = position + (sizes[index % sizes.length] ?? 1)
    yield stream.subarray(position, end)
    position = end
  }
}

function split(stream: Buffer, sizes: readonly number[]): Buffer[] {
  const splitter = new FrameSplitter(FRAME_BYTES_MAX)
  const frames: Buffer[] = []
  for (const chunk of chunksOf(stream, sizes)) {
    splitter.push(chunk, (frame) => {
      frames.push(frame.bytes(frame.remaining))
    })
  }
  return frames
}

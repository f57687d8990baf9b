import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FrameParser } from './frame-parser.ts'
import { HttpParser } from './http-parser.ts'
import type { AnswerParser } from './pipeline.ts'

/** Feeds `bytes` in pieces that end at the given positions, as a network would. */
function readInPieces(parser: AnswerParser, bytes: Buffer, cuts: readonly number[]): number {
  const edges = [0, ...cuts.map((cut) => cut % bytes.length).sort((a, b) => a - b), bytes.length]
  let ended = 0
  for (let index = 1; index < edges.length; index++) {
    ended += parser.read(bytes.subarray(edges[index - 1], edges[index]))
  }
  return ended
}

function frame(body: Buffer): Buffer {
  const prefix = Buffer.alloc(4)
  prefix.writeUInt32BE(body.length)
  return Buffer.concat([prefix, body])
}

const cuts = fc.array(fc.nat(), { maxLength: 20 })

describe('the frame parser', () => {
  it('counts every frame and its bytes, wherever the network cuts them', () => {
    const bodies = fc.array(fc.uint8Array({ minLength: 1, maxLength: 200 }), { minLength: 1 })
    fc.assert(
      fc.property(bodies, cuts, (arrays, positions) => {
        const parser = new FrameParser([])
        const bytes = Buffer.concat(arrays.map((body) => frame(Buffer.from(body))))
        expect(readInPieces(parser, bytes, positions)).toBe(arrays.length)
        expect(parser.bodyBytes).toBe(arrays.reduce((sum, { length }) => sum + length, 0))
      }),
      { numRuns: 200 },
    )
  })

  it('takes no refusal for an answer', () => {
    const refusal = frame(Buffer.from([0, 0, 0, 7, 9]))
    expect(() => new FrameParser([4]).read(refusal)).toThrow('refused')
    expect(new FrameParser([2]).read(refusal)).toBe(1)
  })
})

describe('the HTTP parser', () => {
  const counted = 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello'
  const empty = 'HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n'
  const chunked = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'

  it('counts every answer, wherever the network cuts it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(counted, empty, chunked)),
        cuts,
        (answers, positions) => {
          const parser = new HttpParser()
          // One answer at a time: the next request leaves when the answer before it has ended.
          for (const answer of answers) {
            expect(readInPieces(parser, Buffer.from(answer), positions)).toBe(1)
          }
        },
      ),
      { numRuns: 200 },
    )
  })

  it('takes no refusal for an answer', () => {
    const refusal = Buffer.from('HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n')
    expect(() => new HttpParser().read(refusal)).toThrow('refused')
  })
})

import { limits } from '@courant/kernel'
import { describe, expect, it } from 'vitest'
import { AnswerRoom } from './answer-room.ts'

const ANSWER = limits.replicaFetchBytesMax
const PARTITION = limits.replicaFetchPartitionBytesMax
const ANY = Number.POSITIVE_INFINITY

describe('the room of an answer', () => {
  it('is filled by partitions that are in sync, each with no more than its own limit', () => {
    const room = new AnswerRoom(ANSWER)
    for (let filled = 0; filled < ANSWER; filled += PARTITION) {
      const first = filled === 0 ? 'whole' : 'within-limit'
      expect(room.of('inSync', ANY)).toEqual({ maxBytes: PARTITION, first })
      room.take('inSync', PARTITION)
    }
    expect(room.of('inSync', ANY)).toBe(null)
    expect(room.of('late', ANY)).toBe(null)
  })

  it('is one partition’s for all that catch up, however many there are', () => {
    const room = new AnswerRoom(ANSWER)
    room.take('late', PARTITION - 10)
    expect(room.of('late', ANY)).toEqual({ maxBytes: 10, first: 'within-limit' })
    room.take('late', 10)
    expect(room.of('late', ANY)).toBe(null)
    expect(room.of('inSync', ANY)?.maxBytes).toBe(PARTITION)
  })

  it('lets the first that catches up bring a batch larger than it wants, behind what is in sync', () => {
    const room = new AnswerRoom(ANSWER)
    room.take('inSync', 1_000)
    expect(room.of('late', 64)).toEqual({ maxBytes: 64, first: 'whole' })
  })
})

import { describe, expect, it } from 'vitest'
import { BusError } from './error.ts'
import { errorCodes } from './error-codes.ts'

const UNAVAILABLE = 14

describe('the error table', () => {
  it('answers UNAVAILABLE only where nothing was applied, because clients retry that by themselves', () => {
    const wrong = Object.entries(errorCodes).filter(
      ([, facts]) => facts.grpc === UNAVAILABLE && facts.applied !== 'no',
    )
    expect(wrong).toEqual([])
  })

  it('never says of a client error that it may have been applied', () => {
    const wrong = Object.entries(errorCodes).filter(
      ([, facts]) => facts.http < 500 && facts.applied !== 'no',
    )
    expect(wrong).toEqual([])
  })

  it('has a sentence of its own for every code', () => {
    const titles = Object.values(errorCodes).map((facts) => facts.title)
    expect(new Set(titles).size).toBe(titles.length)
  })
})

describe('BusError.from', () => {
  it('keeps a BusError as it is', () => {
    const error = new BusError('TOPIC_NOT_FOUND', 'There is no topic "a".')
    expect(BusError.from(error)).toBe(error)
  })

  it('turns anything else into INTERNAL without telling what it was', () => {
    for (const thrown of [new Error('password=1'), 'password=1', undefined, { password: 1 }]) {
      const error = BusError.from(thrown)
      expect(error.code).toBe('INTERNAL')
      expect(error.detail).not.toContain('password')
      expect(error.cause).toBe(thrown)
    }
  })
})

import { problemOf } from '@courant/api'
import { BusError } from '@courant/kernel'
import { expect, test } from 'vitest'
import { failureOfAnswer } from './problem.ts'

function advice(error: BusError, effect: 'read' | 'write'): string | null {
  return failureOfAnswer(error.facts.http, problemOf(error), effect).advice
}

test('a write that was not applied may be sent again, and when is said', () => {
  const busy = new BusError('BUSY', 'Full.', { retryAfterMs: 1_500 })
  expect(advice(busy, 'write')).toBe('Nothing was done; try again in 2 s.')
})

test('a write of unknown outcome is never advised to be repeated blindly', () => {
  expect(advice(new BusError('TIMED_OUT', 'Late.'), 'write')).toContain('look before')
  expect(advice(new BusError('TIMED_OUT', 'Late.'), 'read')).toBe('Try again later.')
})

test('a request that is wrong is not advised to be tried again', () => {
  expect(advice(new BusError('INVALID_CONFIG', 'No.'), 'write')).toBeNull()
})

test('what was wrong is the detail with its code', () => {
  const missing = new BusError('TOPIC_NOT_FOUND', 'There is no topic "orders".')
  const failure = failureOfAnswer(404, problemOf(missing), 'read')
  expect(failure.message).toBe('There is no topic "orders". (TOPIC_NOT_FOUND)')
  expect(failure.advice).toContain('courant topics create')
})

test('an answer that is no problem of ours is told apart', () => {
  const failure = failureOfAnswer(502, '<html>', 'write')
  expect(failure.message).toContain('502')
  expect(failure.advice).toContain('look before')
})

import { BusError, type ErrorCode, errorCodes } from '@courant/kernel'
import { describe, expect, it } from 'vitest'
import { problemOf } from '../src/index.ts'

describe('a problem', () => {
  it.each(Object.keys(errorCodes) as ErrorCode[])('%s says what its row says', (code) => {
    const { http, title, retriable, applied } = errorCodes[code]
    expect(problemOf(new BusError(code, 'What was wrong.'), 'request-7')).toEqual({
      type: `/docs/errors#${code}`,
      title,
      status: http,
      detail: 'What was wrong.',
      code,
      retriable,
      applied,
      requestId: 'request-7',
    })
  })

  it('tells violations, the retry delay and extra facts, and nothing internal', () => {
    const problem = problemOf(
      new BusError('OFFSET_OUT_OF_RANGE', 'x', {
        retryAfterMs: 5,
        violations: [{ pointer: '/a', detail: 'b' }],
        extra: { highWatermark: 9, code: 'FORGED', status: 200 },
        internal: { password: 1 },
        cause: new Error('password'),
      }),
    )
    expect(problem).toMatchObject({ retryAfterMs: 5, highWatermark: 9, status: 416 })
    expect(problem.errors).toEqual([{ pointer: '/a', detail: 'b' }])
    expect(problem.code).toBe('OFFSET_OUT_OF_RANGE')
    expect(JSON.stringify(problem)).not.toContain('password')
  })
})

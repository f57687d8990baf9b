/**
 * Goal: an error means the same on both sides of a gRPC call, whatever it is.
 * Method: every row of the error table through the real wire encoding, and arbitrary statuses in.
 */
import { BusError, type ErrorCode, errorCodes } from '@courant/kernel'
import { Metadata, status } from '@grpc/grpc-js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ErrorInfo } from '../src/gen/google/rpc/error_details.ts'
import { Status } from '../src/gen/google/rpc/status.ts'
import { errorOf, statusOf } from '../src/index.ts'

const codes = Object.keys(errorCodes) as ErrorCode[]

/** A status whose details carry an ErrorInfo that this version did not write. */
function foreign(code: number, info: ErrorInfo): unknown {
  const metadata = new Metadata()
  const value = Buffer.from(ErrorInfo.encode(info).finish())
  const details = [{ typeUrl: 'type.googleapis.com/google.rpc.ErrorInfo', value }]
  const encoded = Status.encode({ code, message: 'from elsewhere', details }).finish()
  metadata.set('grpc-status-details-bin', Buffer.from(encoded))
  return { code, details: 'from elsewhere', metadata }
}

function bare(code: number, details = ''): unknown {
  return { code, details, metadata: new Metadata() }
}

describe('an error through gRPC', () => {
  it.each(codes)('%s arrives as it left', (code) => {
    const error = new BusError(code, `Detail of ${code} with ünïcode.`, {
      retryAfterMs: 1_250,
      violations: [{ pointer: '/config/retentionMs', detail: 'too small' }],
      extra: { logStartOffset: 3, highWatermark: 9 },
      internal: { secret: 'stays here' },
      cause: new Error('stays here too'),
    })
    const arrived = errorOf(statusOf(error, 'request-7'))
    expect(arrived.code).toBe(code)
    expect(arrived.detail).toBe(error.detail)
    expect(arrived.retryAfterMs).toBe(1_250)
    expect(arrived.violations).toEqual(error.violations)
    expect(arrived.extra).toEqual(error.extra)
    expect(arrived.internal).toEqual({ requestId: 'request-7' })
    expect(JSON.stringify(statusOf(error))).not.toContain('stays here')
  })

  it.each(codes)('%s has the numeric status of its row', (code) => {
    const { code: numeric, metadata } = statusOf(new BusError(code, 'x'))
    expect(numeric).toBe(errorCodes[code].grpc)
    const [encoded] = metadata.get('grpc-status-details-bin')
    expect(Status.decode(encoded as Buffer).code).toBe(numeric)
  })

  it('without optional parts arrives without them', () => {
    const arrived = errorOf(statusOf(new BusError('TOPIC_NOT_FOUND', 'x')))
    expect(arrived.retryAfterMs).toBeUndefined()
    expect(arrived.violations).toEqual([])
    expect(arrived.extra).toBeUndefined()
    expect(arrived.internal).toBeUndefined()
  })

  it('keeps a BusError that never was on the wire', () => {
    const error = new BusError('BUSY', 'x')
    expect(errorOf(error)).toBe(error)
  })
})

describe('an error code of a newer version', () => {
  it.each([
    ['no', 'true'],
    ['no', 'false'],
    ['unknown', 'true'],
    ['unknown', 'false'],
  ])('keeps applied = %s and retriable = %s', (applied, retriable) => {
    const info = { reason: 'FROM_THE_FUTURE', domain: 'courant', metadata: { applied, retriable } }
    const { facts, detail } = errorOf(foreign(2, info))
    expect(facts.applied).toBe(applied)
    expect(String(facts.retriable)).toBe(retriable)
    expect(detail).toBe('from elsewhere')
  })

  it('that says nothing of applied counts as perhaps applied', () => {
    const info = { reason: '__proto__', domain: 'courant', metadata: {} }
    expect(errorOf(foreign(2, info)).facts.applied).toBe('unknown')
  })

  it('of another domain is not taken for ours', () => {
    const info = { reason: 'TOPIC_NOT_FOUND', domain: 'example.com', metadata: {} }
    expect(errorOf(foreign(5, info)).code).toBe('INTERNAL')
  })
})

describe('a status that no server of ours made', () => {
  it('is "not applied" only when the request certainly never left', () => {
    const never = 'No connection established. Last error: connect ECONNREFUSED 127.0.0.1:1'
    expect(errorOf(bare(status.UNAVAILABLE, never)).code).toBe('CONTROL_PLANE_UNAVAILABLE')
    expect(errorOf(bare(status.UNAVAILABLE, 'Connection dropped')).code).toBe('CONNECTION_LOST')
    expect(errorOf(bare(status.DEADLINE_EXCEEDED)).code).toBe('TIMED_OUT')
    const calm = 'Bandwidth exhausted or memory limit exceeded'
    expect(errorOf(bare(status.RESOURCE_EXHAUSTED, calm)).code).toBe('CONNECTION_LOST')
    const applied = Array.from({ length: 17 }, (_, code) => errorOf(bare(code)))
      .filter((error) => error.facts.applied === 'no')
      .map((error) => error.code)
    expect(applied).toEqual(['NOT_IMPLEMENTED'])
  })

  it('never makes errorOf throw, nor does anything else that was thrown', () => {
    const anyStatus = fc
      .record({ code: fc.integer(), details: fc.string(), bytes: fc.uint8Array() })
      .map(({ code, details, bytes }) => {
        const metadata = new Metadata()
        metadata.set('grpc-status-details-bin', Buffer.from(bytes))
        return { code, details, metadata }
      })
    fc.assert(
      fc.property(fc.oneof(anyStatus, fc.anything()), (thrown) => {
        expect(errorOf(thrown)).toBeInstanceOf(BusError)
      }),
      { numRuns: 300 },
    )
  })
})

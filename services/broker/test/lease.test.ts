/** Until when a broker may believe that it leads what its metadata says. */
import type { Clock } from '@courant/kernel'
import { systemClock } from '@courant/kernel'
import { beforeEach, describe, expect, it } from 'vitest'
import { Lease } from '../src/control-plane/lease.ts'

const sessionTimeoutMs = 9_000
let nowMs = 0
let applied = position(0)
let lease = newLease()

beforeEach(() => {
  nowMs = 0
  applied = position(5)
  lease = newLease()
})

describe('a lease', () => {
  it('holds for 7 s of a session of 9, from the moment that the heartbeat was sent', () => {
    expect(lease.isOver).toBe(true)
    nowMs = 1_000
    renew({ sentAtMs: 0, version: 5 })
    nowMs = 6_999
    expect(lease.isOver).toBe(false)
    nowMs = 7_000
    expect(lease.isOver).toBe(true)
  })

  it('begins once the copy has got where the metadata was at the renewal', () => {
    renew({ sentAtMs: 0, version: 7 })
    expect(lease.isOver).toBe(true)
    applied = position(6)
    expect(lease.isOver).toBe(true)
    applied = position(7)
    expect(lease.isOver).toBe(false)
  })

  it('is as long as the newest renewal that the copy has reached, however far it lags', () => {
    for (let beat = 0; beat < 10; beat++) {
      nowMs = beat * 2_000
      applied = position(beat)
      renew({ sentAtMs: nowMs, version: beat + 2 })
      // The renewal before the last has been reached only now.
      if (beat >= 2) expect(lease.isOver).toBe(false)
    }
    nowMs = 7 * 2_000 + 6_999
    expect(lease.isOver).toBe(false)
    nowMs += 1
    expect(lease.isOver).toBe(true)
  })

  it('of a renewal that was reached too late is over', () => {
    renew({ sentAtMs: 0, version: 6 })
    nowMs = 7_000
    applied = position(6)
    expect(lease.isOver).toBe(true)
  })

  it('begins not before the copy is of the incarnation, whatever its version', () => {
    applied = position(100)
    renew({ sentAtMs: 0, version: 3, incarnation: 2 })
    expect(lease.isOver).toBe(true)
    applied = position(3, 2)
    expect(lease.isOver).toBe(false)
  })

  it('that has ended does not begin by a renewal from before', () => {
    renew({ sentAtMs: 0, version: 5 })
    renew({ sentAtMs: 0, version: 6 })
    lease.end()
    applied = position(6)
    expect(lease.isOver).toBe(true)
    renew({ sentAtMs: 0, version: 6 })
    expect(lease.isOver).toBe(false)
  })
})

function newLease(): Lease {
  const clock: Clock = { ...systemClock, monotonicMs: () => nowMs }
  return new Lease(clock, () => applied)
}

function renew(beat: {
  readonly sentAtMs: number
  readonly version: number
  readonly incarnation?: number
}): void {
  const { sentAtMs, version, incarnation } = beat
  lease.renew({ sentAtMs, sessionTimeoutMs, renewedAt: position(version, incarnation) })
}

function position(metadataVersion: number, clusterIncarnation = 1) {
  return { metadataVersion, clusterIncarnation }
}

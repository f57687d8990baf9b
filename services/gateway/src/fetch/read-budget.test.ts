import { limits, systemClock, type TenantId, tenantId } from '@courant/kernel'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ReadBudget } from './read-budget.ts'
import type { ReadHold } from './read-hold.ts'

const SHARE = limits.readTenantBytesMax
const ALL = limits.readBytesMax
const never = new AbortController().signal

/** A tenant by number. */
function tenant(index: number): TenantId {
  return tenantId(`0b9e4a52-5f0e-4d8e-b3a5-${String(index).padStart(12, '0')}`)
}

function newBudget(): ReadBudget {
  return new ReadBudget(systemClock)
}

/** A hold of the tenant that has so many bytes at once. */
function held(budget: ReadBudget, of: number, bytes: number): ReadHold {
  const hold = budget.hold(tenant(of))
  expect(hold.take(bytes, 0, never)).toBe(null)
  return hold
}

/** Tenants that each fill their share until nothing is left for anybody. */
function fill(budget: ReadBudget): ReadHold[] {
  return Array.from({ length: ALL / SHARE }, (_, index) => held(budget, 100 + index, SHARE))
}

/** Waits for room and says so in `admitted`, by name. */
function queue(budget: ReadBudget, of: number, bytes: number, name: string, admitted: string[]) {
  const hold = budget.hold(tenant(of))
  const outcome = hold.take(bytes, 60_000, never)
  expect(outcome).not.toBe(null)
  void outcome?.then((refusal) => admitted.push(refusal === null ? name : refusal.code))
  return hold
}

/** What has been settled so far has told those who wait for it. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

describe('room', () => {
  it('is each tenant’s own: who has used up a share does not take from others', () => {
    const budget = newBudget()
    held(budget, 1, SHARE)
    expect(budget.hold(tenant(1)).resize(1)).toBe(false)
    expect(budget.hold(tenant(2)).resize(SHARE)).toBe(true)
  })

  it('is there for one answer of any size where nothing else is held, and for no second one', () => {
    const budget = newBudget()
    const large = held(budget, 1, ALL * 2)
    expect(budget.hold(tenant(1)).resize(1)).toBe(false)
    expect(budget.hold(tenant(2)).resize(1)).toBe(false)
    large.release()
    expect(budget.hold(tenant(2)).resize(1)).toBe(true)
  })

  it('comes back when an answer turns out smaller than it could have been', async () => {
    const budget = newBudget()
    const admitted: string[] = []
    const first = held(budget, 1, SHARE)
    queue(budget, 1, 10, 'second', admitted)
    expect(first.resize(SHARE - 10)).toBe(true)
    await settled()
    expect(admitted).toEqual(['second'])
    expect(budget.bytes).toBe(SHARE)
  })

  it('is counted for what is larger than expected, and missing to the next', () => {
    const budget = newBudget()
    const grown = held(budget, 1, 1)
    grown.grow(SHARE)
    grown.grow(5)
    expect(grown.bytes).toBe(SHARE)
    expect(budget.hold(tenant(1)).resize(1)).toBe(false)
  })
})

describe('who waits', () => {
  it('is served in turns between tenants, and in order inside one', async () => {
    const budget = newBudget()
    const full = fill(budget)
    const admitted: string[] = []
    for (const name of ['a1', 'a2', 'a3']) queue(budget, 1, SHARE / 4, name, admitted)
    for (const name of ['b1', 'b2']) queue(budget, 2, SHARE / 4, name, admitted)
    queue(budget, 3, SHARE / 4, 'c1', admitted)
    full[0]?.release()
    await settled()
    expect(admitted).toEqual(['a1', 'b1', 'c1', 'a2'])
    full[1]?.release()
    await settled()
    expect(admitted).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3'])
  })

  it('is not overtaken by a later one of the same tenant, however small', async () => {
    const budget = newBudget()
    const admitted: string[] = []
    const first = held(budget, 1, SHARE / 2)
    const large = queue(budget, 1, SHARE, 'large', admitted)
    queue(budget, 1, 1, 'small', admitted)
    await settled()
    expect(admitted).toEqual([])
    first.release()
    await settled()
    expect(admitted).toEqual(['large'])
    large.release()
    await settled()
    expect(admitted).toEqual(['large', 'small'])
  })

  it('does not hold back others whose answers fit', () => {
    const budget = newBudget()
    for (const hold of fill(budget).slice(0, 1)) hold.resize(SHARE / 2)
    queue(budget, 1, SHARE, 'large', [])
    expect(budget.hold(tenant(2)).take(SHARE / 2, 0, never)).toBe(null)
  })

  it('hears whose memory was short when the time is over', async () => {
    const budget = newBudget()
    held(budget, 1, SHARE)
    const own = await budget.hold(tenant(1)).take(1, 1, never)
    expect(own).toMatchObject({ code: 'THROTTLED', retryAfterMs: limits.retryAfterMs })
    for (let index = 2; index <= ALL / SHARE; index += 1) held(budget, index, SHARE)
    const all = await budget.hold(tenant(9)).take(1, 1, never)
    expect(all).toMatchObject({ code: 'BUSY', retryAfterMs: limits.retryAfterMs })
    expect(budget.waitingCount).toBe(0)
  })

  it('leaves the queue with its caller, and lets those behind in', async () => {
    const budget = newBudget()
    held(budget, 1, SHARE / 2)
    const caller = new AbortController()
    const leaving = budget.hold(tenant(1)).take(SHARE, 60_000, caller.signal)
    const admitted: string[] = []
    queue(budget, 1, 1, 'small', admitted)
    caller.abort()
    expect(await leaving).not.toBe(null)
    await settled()
    expect(admitted).toEqual(['small'])
    expect(await budget.hold(tenant(1)).take(SHARE, 60_000, caller.signal)).not.toBe(null)
    expect(budget.waitingCount).toBe(0)
  })

  it('is one of so many, and the next one is refused at once', async () => {
    const budget = newBudget()
    held(budget, 1, SHARE)
    for (let index = 0; index < limits.readsWaitingTenantMax; index += 1) {
      queue(budget, 1, 1, 'waits', [])
    }
    expect(await budget.hold(tenant(1)).take(1, 60_000, never)).toMatchObject({ code: 'THROTTLED' })
    expect(budget.waitingCount).toBe(limits.readsWaitingTenantMax)
  })
})

/** What can happen to one of a few holds. */
const anyStep = fc.record({
  hold: fc.nat(11),
  what: fc.constantFrom('take', 'resize', 'grow', 'release', 'abort'),
  bytes: fc.integer({ min: 1, max: SHARE }),
})

it('keeps within its bounds, strands nobody and leaks nothing, whatever happens', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { maxLength: 80 }), async (steps) => {
      const budget = newBudget()
      const requests = Array.from({ length: 12 }, (_, index) => ({
        hold: budget.hold(tenant(index % 6)),
        caller: new AbortController(),
        isWaiting: false,
      }))
      let grownBytes = 0
      for (const { hold: index, what, bytes } of steps) {
        const request = requests[index]
        if (request === undefined) continue
        const { hold } = request
        if (what === 'abort') {
          request.caller.abort()
          request.caller = new AbortController()
        } else if (!request.isWaiting) {
          if (what === 'take') {
            const taking = hold.take(bytes, 60_000, request.caller.signal)
            request.isWaiting = taking !== null
            void taking?.then(() => {
              request.isWaiting = false
            })
          } else if (what === 'resize') hold.resize(bytes)
          else if (what === 'release') hold.release()
          else {
            const before = hold.bytes
            hold.grow(bytes)
            grownBytes += hold.bytes - before
          }
        }
        await settled()
        expect(budget.bytes).toBe(requests.reduce((sum, { hold: { bytes: own } }) => sum + own, 0))
        expect(budget.bytes).toBeLessThanOrEqual(ALL + grownBytes)
        expect(budget.waitingCount).toBe(requests.filter(({ isWaiting }) => isWaiting).length)
      }
      // Everybody who waits is served by what the others give back, again and again.
      for (let round = 0; round < requests.length; round += 1) {
        for (const { hold, isWaiting } of requests) if (!isWaiting) hold.release()
        await settled()
      }
      expect([budget.bytes, budget.waitingCount]).toEqual([0, 0])
    }),
    { numRuns: 100 },
  )
})

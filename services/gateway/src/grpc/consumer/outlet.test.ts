/**
 * Goal: a member that gives credit and does not read holds two responses, in its tenant's memory.
 */
import { systemClock, tenantId } from '@courant/kernel'
import { expect, it } from 'vitest'
import { ReadBudget } from '../../fetch/read-budget.ts'
import { Outlet } from './outlet.ts'

const TENANT = tenantId('00000000-0000-4000-8000-000000000001')

function outletOf(stopped: AbortSignal) {
  const budget = new ReadBudget(systemClock)
  const unread: (() => void)[] = []
  const respond = (): Promise<void> => new Promise((resolve) => unread.push(resolve))
  const outlet = new Outlet(respond, budget.hold(TENANT), systemClock, stopped)
  let sent = 0
  /** Sends for as long as there is room. */
  const loop = (async () => {
    while (!stopped.aborted) {
      await outlet.sendEncoded(Buffer.alloc(1_000))
      sent += 1
    }
  })()
  return { budget, unread, loop, sent: () => sent }
}

it('one that sends waits for room, and goes on when a response was read', async () => {
  const stopping = new AbortController()
  const { budget, unread, loop, sent } = outletOf(stopping.signal)
  await expect.poll(() => unread.length).toBe(2)
  expect([sent(), budget.bytes]).toEqual([1, 4_000])
  unread[0]?.()
  await expect.poll(() => unread.length).toBe(3)
  expect([sent(), budget.bytes]).toEqual([2, 4_000])
  stopping.abort()
  await loop
  for (const read of unread) read()
  await expect.poll(() => budget.bytes).toBe(0)
})

import { expect, test } from 'vitest'
import { Budget } from './budget.ts'

test('who comes later waits for room, in the order of coming', async () => {
  const budget = new Budget(10)
  const order: string[] = []
  await budget.take(8)
  const large = budget.take(9).then(() => order.push('large'))
  const small = budget.take(1).then(() => order.push('small'))
  budget.give(8)
  await Promise.all([large, small])
  expect(order).toEqual(['large', 'small'])
})

test('what is larger than everything comes alone', async () => {
  const budget = new Budget(10)
  await budget.take(100)
  let came = false
  const next = budget.take(1).then(() => {
    came = true
  })
  await Promise.resolve()
  expect(came).toBe(false)
  budget.give(100)
  await next
})

test('who gives up waiting lets the next one through', async () => {
  const budget = new Budget(10)
  await budget.take(5)
  const controller = new AbortController()
  const large = budget.take(10, controller.signal)
  const small = budget.take(2)
  controller.abort(new Error('enough'))
  await expect(large).rejects.toThrow('enough')
  await small
})

import { BusError, limits } from '@courant/kernel'
import { expect, it } from 'vitest'
import { BodyBudget } from './body-budget.ts'

it('counts a body at its length, and at the largest when that is not known', () => {
  const budget = new BodyBudget()
  expect(budget.takeFor({ 'content-length': '100' })).toBe(100)
  expect(budget.takeFor({})).toBe(limits.bodyBytesMax)
  expect(budget.takeFor({ 'content-length': '100', 'content-encoding': 'gzip' })).toBe(
    limits.bodyBytesMax,
  )
  // Longer ones are refused when they are read; they need no more room for that.
  expect(budget.takeFor({ 'content-length': '99999999999' })).toBe(limits.bodyBytesMax)
})

it('refuses what does not fit, and takes it again when room was given back', () => {
  const budget = new BodyBudget()
  const sizes: number[] = []
  expect(() => {
    while (true) sizes.push(budget.takeFor({}))
  }).toThrow(BusError)
  expect(budget.bytes).toBeLessThanOrEqual(limits.bodiesBytesMax)
  for (const size of sizes) budget.give(size)
  expect(budget.bytes).toBe(0)
  expect(budget.takeFor({})).toBe(limits.bodyBytesMax)
})

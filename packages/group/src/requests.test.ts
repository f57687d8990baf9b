import { limits } from '@courant/kernel'
import { expect, test } from 'vitest'
import { groupNameProblem, memberIdProblem, parseSubscription, parseTimeouts } from './index.ts'

const code = (value: string) => expect.objectContaining({ code: value })

test('names of groups and members consist of letters, digits, dots, underscores and dashes', () => {
  expect([groupNameProblem('billing.v2_eu-1'), memberIdProblem('.')]).toEqual([null, null])
  for (const name of ['', 'a b', 'ü', 'a'.repeat(250)]) {
    expect(groupNameProblem(name)).not.toBeNull()
    expect(memberIdProblem(name)).not.toBeNull()
  }
  expect(groupNameProblem('..')).not.toBeNull()
  expect(memberIdProblem('a'.repeat(65))).not.toBeNull()
})

test('equal subscriptions have one form', () => {
  const subscription = parseSubscription({ topics: ['b', 'a', 'b'] })
  expect(subscription).toEqual({ topics: ['a', 'b'], pattern: '' })
})

test('a subscription means something, is bounded, and has a pattern that takes linear time', () => {
  expect(() => parseSubscription({})).toThrow(code('INVALID_ARGUMENT'))
  expect(() => parseSubscription({ topics: ['a b'] })).toThrow(code('INVALID_TOPIC_NAME'))
  for (const pattern of ['(', '(a)\\1', 'a'.repeat(limits.subscriptionPatternLengthMax + 1)]) {
    expect(() => parseSubscription({ pattern })).toThrow(code('INVALID_ARGUMENT'))
  }
  const topics = Array.from({ length: limits.subscribedTopicsMax + 1 }, (_, index) => `t${index}`)
  expect(() => parseSubscription({ topics })).toThrow(code('INVALID_ARGUMENT'))
})

test('timeouts have defaults and bounds', () => {
  expect(parseTimeouts({ sessionTimeoutMs: 0 })).toEqual({
    sessionTimeoutMs: limits.sessionTimeoutMsDefault,
    rebalanceTimeoutMs: limits.rebalanceTimeoutMsDefault,
  })
  for (const sessionTimeoutMs of [5_999, 1_800_001, 6_000.5]) {
    expect(() => parseTimeouts({ sessionTimeoutMs })).toThrow(code('INVALID_ARGUMENT'))
  }
  expect(() => parseTimeouts({ rebalanceTimeoutMs: 1 })).toThrow(code('INVALID_ARGUMENT'))
})

import { BusError, limits, topicNameProblem } from '@courant/kernel'
import { RE2JS } from 're2js'

/** What a member wants to read: names, a pattern, or both. */
export interface Subscription {
  /** Sorted, without repetitions. Topics that do not exist are waited for. */
  readonly topics: readonly string[]
  /** RE2 syntax, matched against whole names; empty for none. */
  readonly pattern: string
}

/** In the one form that equal subscriptions have. Throws INVALID_ARGUMENT or INVALID_TOPIC_NAME. */
export function parseSubscription(asked: {
  readonly topics?: readonly string[] | undefined
  readonly pattern?: string | undefined
}): Subscription {
  const topics = [...new Set(asked.topics ?? [])].sort()
  const pattern = asked.pattern ?? ''
  if (topics.length === 0 && pattern === '') {
    throw new BusError('INVALID_ARGUMENT', 'A member subscribes to topics, a pattern, or both.')
  }
  if (topics.length > limits.subscribedTopicsMax) {
    const max = limits.subscribedTopicsMax
    throw new BusError('INVALID_ARGUMENT', `A subscription names at most ${max} topics.`)
  }
  for (const name of topics) {
    const problem = topicNameProblem(name)
    if (problem !== null) throw new BusError('INVALID_TOPIC_NAME', problem)
  }
  if (pattern !== '') compilePattern(pattern)
  return { topics, pattern }
}

/** Matching takes time linear in the name, whatever the pattern. Throws INVALID_ARGUMENT. */
export function compilePattern(pattern: string): { matches(name: string): boolean } {
  if (pattern.length > limits.subscriptionPatternLengthMax) {
    const max = limits.subscriptionPatternLengthMax
    throw new BusError('INVALID_ARGUMENT', `A pattern has at most ${max} characters.`)
  }
  try {
    const compiled = RE2JS.compile(pattern)
    return { matches: (name) => compiled.matches(name) }
  } catch (cause) {
    throw new BusError('INVALID_ARGUMENT', 'The pattern is not valid RE2 syntax.', { cause })
  }
}

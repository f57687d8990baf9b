import type { Problem } from '@courant/api'
import { Failure } from '../failure.ts'

/** Reads change nothing, so a failed one never leaves a doubt. */
export type Effect = 'read' | 'write'

/** Hints for codes whose remedy is another command. */
const REMEDIES: Readonly<Record<string, string>> = {
  TOPIC_NOT_FOUND: 'Create it with: courant topics create <name>',
  UNAUTHENTICATED: 'Check --api-key, COURANT_API_KEY or credentials.json.',
  PERMISSION_DENIED:
    'Tenants and brokers are managed with the operator key (COURANT_OPERATOR_KEY), all else with ' +
    'an API key.',
}

/** The failure of a request, from the body of its answer. */
export function failureOfAnswer(status: number, body: unknown, effect: Effect): Failure {
  if (!isProblem(body)) {
    const message = `The server answered ${status} without saying why. Is this the URL of Courant?`
    return new Failure(message, { advice: effect === 'write' ? DOUBT : null })
  }
  return failureOf(body, effect)
}

export function failureOf(problem: Problem, effect: Effect): Failure {
  return new Failure(`${problem.detail} (${problem.code})`, {
    advice: REMEDIES[problem.code] ?? adviceOf(problem, effect),
    problem,
  })
}

const DOUBT = 'It may have been done all the same: look before you repeat it.'

/** May the request be sent again? The two facts of the error table, in words. */
function adviceOf({ retriable, applied, retryAfterMs }: Problem, effect: Effect): string | null {
  if (effect === 'write' && applied === 'unknown') return DOUBT
  if (!retriable) return null
  const when = retryAfterMs === undefined ? 'later' : `in ${Math.ceil(retryAfterMs / 1000)} s`
  return effect === 'read' ? `Try again ${when}.` : `Nothing was done; try again ${when}.`
}

export function isProblem(body: unknown): body is Problem {
  if (typeof body !== 'object' || body === null) return false
  return 'code' in body && 'detail' in body && 'applied' in body
}

import { Failure } from '../failure.ts'
import type { Effect } from './problem.ts'

const NOT_REACHED: readonly string[] = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]

/** What it means that there was no answer: nothing was sent, or nobody knows. */
export function networkFailure(thrown: unknown, url: string, effect: Effect): Failure {
  if (thrown instanceof Failure) return thrown
  const code = errorCode(thrown)
  if (code === 'ABORT_ERR') return new Failure('Interrupted.')
  if (NOT_REACHED.includes(code)) {
    const advice = 'Start one in the repository with: npm start'
    return new Failure(`No server answers at ${url} (${code}).`, { advice })
  }
  const message = `The connection to ${url} broke before the answer (${code}).`
  const advice =
    effect === 'read' ? 'Try again.' : 'It may have been done all the same: look before a repeat.'
  return new Failure(message, { advice })
}

/** The code of a system error, which fetch wraps, sometimes in one error for every address. */
function errorCode(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown)
  if (thrown instanceof AggregateError && thrown.errors.length > 0) {
    return errorCode(thrown.errors[0])
  }
  if (thrown.name === 'AbortError') return 'ABORT_ERR'
  if (thrown.cause instanceof Error) return errorCode(thrown.cause)
  return 'code' in thrown ? String(thrown.code) : thrown.message
}

import { constants } from 'node:os'
import type { Problem } from '@courant/api'

/** Usage errors are told apart from failures, so that a script knows whether to try again. */
export const EXIT = { failed: 1, usage: 2, brokenPipe: exitStatusOf('SIGPIPE') } as const

/** How a shell reports a command that a signal ended. */
export function exitStatusOf(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal]
}

/** An expected end that is not success: one line of what was wrong, one of advice. */
export class Failure extends Error {
  override readonly name = 'Failure'
  readonly advice: string | null
  readonly exitStatus: number
  readonly problem: Problem | null

  constructor(
    message: string,
    options: { advice?: string | null; exitStatus?: number; problem?: Problem } = {},
  ) {
    super(message)
    this.advice = options.advice ?? null
    this.exitStatus = options.exitStatus ?? EXIT.failed
    this.problem = options.problem ?? null
  }
}

export function usageError(message: string, advice: string | null = null): Failure {
  return new Failure(message, { advice, exitStatus: EXIT.usage })
}

/** No answer at all, or one that says that a later one may be another. */
export function isPassing(error: unknown): error is Failure {
  return error instanceof Failure && (error.problem === null || error.problem.retriable)
}

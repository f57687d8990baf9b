import { wait } from '@courant/kernel/clock'
import { CourantError } from '../courant-error.ts'
import type { Settings } from '../options.ts'
import { type Effect, failureOfNetwork, isSafeToRepeat } from './failure.ts'

const PAUSE_MS_FIRST = 50
const PAUSE_MS_MAX = 5_000

/**
 * Calls `attempt` until it succeeds, fails in a way that must not be repeated blindly, or `retryMs`
 * have passed. Pauses double, each shortened by chance so that clients which failed together do not
 * come back together; a server's `Retry-After` lengthens them. Throws the last CourantError, or the
 * reason of `signal`.
 */
export async function withRetries<Result>(
  { clock, random, retryMs }: Settings,
  effect: Effect,
  attempt: () => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> {
  const endsAt = clock.monotonicMs() + retryMs
  for (let pauseMs = PAUSE_MS_FIRST; ; pauseMs = Math.min(pauseMs * 2, PAUSE_MS_MAX)) {
    signal?.throwIfAborted()
    try {
      return await attempt()
    } catch (thrown) {
      signal?.throwIfAborted()
      const error = failureOf(thrown)
      const chosenMs = Math.max(pauseMs * (0.5 + random.next() / 2), error.retryAfterMs ?? 0)
      if (!isSafeToRepeat(error, effect) || clock.monotonicMs() + chosenMs > endsAt) throw error
      await wait(clock, chosenMs, signal)
    }
  }
}

/** What is neither an answer nor the network is a mistake of the program and goes on as it is. */
function failureOf(thrown: unknown): CourantError {
  if (thrown instanceof CourantError) return thrown
  if (thrown instanceof TypeError) return failureOfNetwork(thrown)
  throw thrown
}

import { type Clock, wait } from '@courant/kernel/clock'
import { CourantError } from '../courant-error.ts'

export interface Heartbeats {
  readonly clock: Clock
  readonly everyMs: number
  readonly beat: (signal: AbortSignal) => Promise<void>
}

/**
 * Does some work and keeps the lease meanwhile. `work` gets a signal that aborts, with the server's
 * error as its reason, when the lease has run out in spite of that. Other failures of a heartbeat
 * are left to the next one.
 */
export async function withHeartbeats<Result>(
  { clock, everyMs, beat }: Heartbeats,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const finished = new AbortController()
  const lost = new AbortController()
  const beats = async () => {
    for (;;) {
      await wait(clock, everyMs, finished.signal)
      if (finished.signal.aborted) return
      try {
        await beat(finished.signal)
      } catch (error) {
        if (isLoss(error)) return lost.abort(error)
      }
    }
  }
  const beating = beats()
  try {
    return await work(lost.signal)
  } finally {
    finished.abort()
    await beating
  }
}

/** What no later heartbeat can mend. */
function isLoss(error: unknown): boolean {
  return error instanceof CourantError && !error.retriable
}

import { systemClock, wait } from '@courant/kernel'
import { Failure, isPassing } from '../failure.ts'
import { StatusLine } from '../output/status-line.ts'
import type { Session } from '../session.ts'

/** Something that goes on in the cluster, whoever waits for it. */
export interface Progressing<State extends object> {
  /** What goes on, as the beginning of a sentence. */
  readonly what: string
  readonly read: () => Promise<State>
  readonly text: (state: State) => string
  /** Throws where it will never be. */
  readonly isDone: (state: State) => boolean
  /** Absent: for as long as it takes. */
  readonly timeoutMs: number | undefined
}

const PAUSE_MS = 500

/**
 * Asks again and again, and shows how far it is, until it is done: the last state. A server that
 * cannot be reached for a while is waited for too. Null: a signal has ended the waiting, and what
 * was waited for goes on.
 */
export async function waitFor<State extends object>(
  session: Session,
  { what, read, text, isDone, timeoutMs }: Progressing<State>,
): Promise<State | null> {
  const interrupted = session.untilInterrupted()
  const timeout = timeoutMs === undefined ? null : AbortSignal.timeout(timeoutMs)
  const signal = timeout === null ? interrupted : AbortSignal.any([interrupted, timeout])
  const line = new StatusLine(session.terminal)
  let last = what
  try {
    while (!signal.aborted) {
      const state = await read().catch((error: unknown) => {
        if (!isPassing(error)) throw error
        line.show(`${error.message} Trying again.`)
        return null
      })
      if (state !== null) {
        if (isDone(state)) return state
        last = text(state)
        line.show(last)
      }
      await wait(systemClock, PAUSE_MS, signal)
    }
  } finally {
    line.clear()
  }
  if (!interrupted.aborted) throw new Failure(`${last} It is not done yet.`, { advice: GOES_ON })
  session.note(GOES_ON)
  return null
}

const GOES_ON = 'It goes on without this command.'

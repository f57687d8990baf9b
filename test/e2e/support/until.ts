import { systemClock, wait } from '@courant/kernel'

const POLL_MS = 25

/** Waits until the condition gives a value; a failure counts as "not yet". */
export async function until<Value>(condition: () => Promise<Value | null>): Promise<Value> {
  for (;;) {
    const value = await condition().catch(() => null)
    if (value !== null) return value
    await wait(systemClock, POLL_MS)
  }
}

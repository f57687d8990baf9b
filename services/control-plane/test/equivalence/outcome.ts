import { BusError } from '@courant/kernel'

/** What a caller sees. */
export type Outcome =
  | { readonly answer: unknown }
  | { readonly error: string; readonly detail: string }

/** Other errors than BusErrors are defects of the test, and go through. */
export async function outcomeOf(work: () => Promise<unknown>): Promise<Outcome> {
  try {
    return { answer: await work() }
  } catch (error) {
    if (!(error instanceof BusError)) throw error
    return { error: error.code, detail: error.detail }
  }
}

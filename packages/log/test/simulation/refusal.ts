import { BusError } from '@courant/kernel'

/** The code of the error that an attempt ends with, or `accepted`. */
export async function refusal(attempt: () => Promise<unknown>): Promise<string> {
  try {
    await attempt()
    return 'accepted'
  } catch (error) {
    return error instanceof BusError ? error.code : String(error)
  }
}

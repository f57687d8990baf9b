import { BusError, type ErrorCode } from '@courant/kernel'

/**
 * A refusal of one place of a request. Its detail names the place too: many callers print only
 * that.
 */
export function problemAt(code: ErrorCode, pointer: string, detail: string): BusError {
  const violations = [{ pointer, detail }]
  return new BusError(code, pointer === '' ? detail : `${pointer}: ${detail}`, { violations })
}

/** Of a name that is not known here, so much is told back: enough to find it. */
const SHOWN_NAME_LENGTH_MAX = 128

/** RFC 6901. A name that no caller would want to read again in full is cut. */
export function escapePointer(name: string): string {
  const shown =
    name.length > SHOWN_NAME_LENGTH_MAX ? `${name.slice(0, SHOWN_NAME_LENGTH_MAX)}…` : name
  return shown.replaceAll('~', '~0').replaceAll('/', '~1')
}

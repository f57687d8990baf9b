import { BusError, type ErrorCode } from '@courant/kernel'

/**
 * A refusal of one place of a request. Its detail names the place too: many callers print only
 * that.
 */
export function problemAt(code: ErrorCode, pointer: string, detail: string): BusError {
  const violations = [{ pointer, detail }]
  return new BusError(code, pointer === '' ? detail : `${pointer}: ${detail}`, { violations })
}

/** RFC 6901. */
export function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}

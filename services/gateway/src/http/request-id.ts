import type { Random } from '@courant/kernel'

const LEGAL = /^[A-Za-z0-9._-]{1,64}$/
const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})$/

/**
 * Names for requests: the caller's `Request-Id` if it is fit for a log and a header, else one of
 * ours. Ours are unique, not secret, so a random start and a counter do; a UUID per request costs
 * more than the rest of the admission together.
 */
export class RequestIds {
  readonly #prefix: string
  #next = 0

  constructor(random: Random) {
    this.#prefix = Buffer.from(random.bytes(6)).toString('hex')
  }

  of(given: string | string[] | undefined): string {
    if (typeof given === 'string' && LEGAL.test(given)) return given
    this.#next += 1
    return `${this.#prefix}-${this.#next.toString(36)}`
  }
}

/**
 * The `traceparent` that an answer carries: the caller's trace with a span of ours, so that both
 * ends of the hop are found under one trace id. Null for a header that is not of version 00.
 */
export function traceparentFor(
  given: string | string[] | undefined,
  random: Random,
): string | null {
  const match = typeof given === 'string' ? TRACEPARENT.exec(given) : null
  if (match === null) return null
  const span = Buffer.from(random.bytes(8)).toString('hex')
  return `00-${match[1]}-${span}-${match[2]}`
}

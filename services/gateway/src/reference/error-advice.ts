import type { ErrorFacts } from '@courant/kernel'

/** What a caller does about an error: it follows from two facts of its code. */
export function adviceOn({ retriable, applied }: ErrorFacts): string {
  if (applied === 'no') {
    return retriable
      ? 'Nothing happened: send the same request again, after `retryAfterMs` where it is given.'
      : 'Nothing happened, and the same request will fail again: change it.'
  }
  return retriable
    ? 'It may have happened: a repeat may succeed, and may be a duplicate.'
    : 'It may have happened in part or in whole: look before you repeat it.'
}

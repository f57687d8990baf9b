/** What callers are told of a batch that was not acknowledged. */
import { BusError, limits } from '@courant/kernel'

export function notSent(): BusError {
  return new BusError('BUSY', 'The records were not sent within timeoutMs; nothing was written.')
}

export function timedOut(): BusError {
  return new BusError(
    'TIMED_OUT',
    'The broker did not answer in time; the write may have happened.',
  )
}

export function unanswered(): BusError {
  return new BusError(
    'TIMED_OUT',
    'A leader did not answer before another led; it may have written.',
  )
}

export function undelivered(): BusError {
  return new BusError(
    'TIMED_OUT',
    `No leader has answered within ${limits.deliveryTimeoutMs} ms; one of them may have written.`,
  )
}

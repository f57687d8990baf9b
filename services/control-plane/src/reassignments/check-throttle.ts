import { BusError } from '@courant/kernel'

/** Throws INVALID_ARGUMENT. Pure. */
export function checkThrottle(bytesPerSecond: number): void {
  if (bytesPerSecond >= 0 && Number.isSafeInteger(bytesPerSecond)) return
  throw new BusError('INVALID_ARGUMENT', 'The throttle is 0 or more bytes a second.')
}

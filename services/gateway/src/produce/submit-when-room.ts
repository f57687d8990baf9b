import { BusError, type Clock, wait } from '@courant/kernel'

/** While there is no memory for records, they are offered again after this. */
const NO_ROOM_PAUSE_MS = 20

export interface Patience {
  readonly clock: Clock
  /** A full accumulator is backpressure so long, and then a failure. */
  readonly timeoutMs: number
  /** Nobody waits any more. */
  readonly isOver: () => boolean
}

/** For streams: submits records as soon as there is room for them. Throws what `submit` throws. */
export async function submitWhenRoom<Result>(
  submit: () => Result,
  { clock, timeoutMs, isOver }: Patience,
): Promise<Result> {
  const deadlineMs = clock.monotonicMs() + timeoutMs
  while (true) {
    try {
      return submit()
    } catch (thrown) {
      const { code } = BusError.from(thrown)
      const isFull = code === 'BUSY' || code === 'THROTTLED'
      if (!isFull || isOver() || clock.monotonicMs() >= deadlineMs) throw thrown
    }
    await wait(clock, NO_ROOM_PAUSE_MS)
  }
}

import { BusError, type Clock, limits, wait } from '@courant/kernel'
import type { BatchMemory, RecordSource } from '@courant/record-batch'
import type { Share } from './share.ts'
import { type Acks, WaitingBatch } from './waiting-batch.ts'

/** What a broker said of a batch that it took. */
export interface Appended {
  readonly baseOffset: number
  /** -1 where the records keep their own timestamps. */
  readonly appendTime: number
}

/**
 * One try to have a batch appended by the leader of its partition. Right before the batch goes to a
 * connection, `maySend` is asked: until then nothing was written, and some of its callers may have
 * been told so, after which it must not be sent any more.
 */
type SendBatch = (
  batch: Buffer,
  acks: Acks,
  timeoutMs: number,
  maySend: () => boolean,
) => Promise<Appended>

export interface PartitionAccumulatorParts {
  readonly clock: Clock
  readonly buffers: BatchMemory
  readonly send: SendBatch
  /** Called when a batch is done, with what it held of the memory budget. */
  readonly onReleased: (bytes: number) => void
  /** Called when nothing waits any more. */
  readonly onIdle: () => void
}

/** Between tries; doubled from the first to the second. */
const RETRY_MS_MIN = 20
const RETRY_MS_MAX = 500
/** First capacity of a batch. The next one begins with what the last one needed. */
const CAPACITY_MIN = 512

/**
 * What waits for one partition. One batch is in flight at a time; what arrives meanwhile gathers,
 * and goes together when the answer is there. That is all the batching there is: no timer, no delay
 * for a lone record, and large batches exactly when the broker is busy.
 */
export class PartitionAccumulator {
  /** Bytes charged for what waits here or is in flight. */
  chargedBytes = 0
  readonly #parts: PartitionAccumulatorParts
  /** Oldest first. Only the last one may still take records. */
  #queue: WaitingBatch[] = []
  #current: WaitingBatch | null = null
  /** May the current batch be applied at this moment? */
  #currentIsSent = false
  /** Why the current batch was not taken, while it waits for another try. */
  #lastRefusal: BusError | null = null
  #capacity = CAPACITY_MIN

  constructor(parts: PartitionAccumulatorParts) {
    this.#parts = parts
  }

  /** So many bytes are about to be appended: the next batch need not grow from small beginnings. */
  expect(bytes: number): void {
    this.#capacity = Math.max(this.#capacity, Math.min(bytes, limits.batchBytesMax))
  }

  /** Takes a record that is known to fit into a batch of its own. */
  append(
    record: RecordSource,
    share: Share,
    acks: Acks,
    sizeMax: number,
    chargedBytes: number,
  ): void {
    let batch = this.#queue.at(-1)
    if (batch?.acks !== acks || !batch.appendWithin(record, sizeMax, share)) {
      batch = new WaitingBatch(acks, this.#capacity, this.#parts.buffers)
      batch.appendWithin(record, Number.POSITIVE_INFINITY, share)
      this.#queue.push(batch)
    }
    batch.chargedBytes += chargedBytes
    this.chargedBytes += chargedBytes
  }

  /** Sends what waits, batch by batch, until nothing does. Call it once while it runs. */
  async run(): Promise<void> {
    while (true) {
      const batch = this.#queue.shift()
      if (batch === undefined) break
      this.#current = batch
      await this.#deliver(batch)
      this.#current = null
      this.#lastRefusal = null
      this.chargedBytes -= batch.chargedBytes
      this.#parts.onReleased(batch.chargedBytes)
    }
    this.#parts.onIdle()
  }

  /** Ends the wait of those whose deadline has passed. What is not sent will not be. */
  expire(nowMs: number): void {
    this.#current?.expire(nowMs, () => (this.#currentIsSent ? timedOut() : this.#notSent()))
    for (const batch of this.#queue) batch.expire(nowMs, () => this.#notSent())
  }

  async #deliver(batch: WaitingBatch): Promise<void> {
    const { clock, send } = this.#parts
    for (let retryMs = RETRY_MS_MIN; ; retryMs = Math.min(retryMs * 2, RETRY_MS_MAX)) {
      const bytes = batch.seal()
      if (bytes === null) return
      this.#capacity = Math.max(CAPACITY_MIN, bytes.length)
      const timeoutMs = Math.max(1, Math.ceil(batch.deadlineMs - clock.monotonicMs()))
      const maySend = (): boolean => {
        this.#currentIsSent = batch.isWanted
        return this.#currentIsSent
      }
      try {
        const { baseOffset, appendTime } = await send(bytes, batch.acks, timeoutMs, maySend)
        batch.acknowledge(baseOffset, appendTime)
        batch.release()
        return
      } catch (thrown) {
        const error = BusError.from(thrown)
        if (!mayTryAgain(error)) {
          batch.fail(error)
          return
        }
        this.#lastRefusal = error
      } finally {
        this.#currentIsSent = false
      }
      await wait(clock, retryMs)
    }
  }

  #notSent(): BusError {
    const why = this.#lastRefusal
    if (why !== null) return why
    return new BusError('BUSY', 'The records were not sent within timeoutMs; nothing was written.')
  }
}

/**
 * Errors after which another try can succeed soon and cannot write twice: a leader that moved or
 * has not heard of the partition yet, a broker that was not reached.
 */
const TRY_AGAIN = new Set([
  'NOT_LEADER',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'BROKER_UNAVAILABLE',
  'SHUTTING_DOWN',
])

function mayTryAgain(error: BusError): boolean {
  return error.facts.applied === 'no' && TRY_AGAIN.has(error.code)
}

function timedOut(): BusError {
  return new BusError(
    'TIMED_OUT',
    'The broker did not answer in time; the write may have happened.',
  )
}

import { BusError, type Clock, limits, type Random, type TopicId } from '@courant/kernel'
import type { Appended, BatchSender } from './batch-sender.ts'
import { notSent, timedOut, unanswered, undelivered } from './outcomes.ts'
import type { PartitionProducer } from './partition-producer.ts'
import { remedyOf } from './remedy.ts'
import type { WaitingBatch } from './waiting-batch.ts'

export interface DeliveryParts {
  readonly clock: Clock
  readonly random: Random
  readonly sender: BatchSender
}

export interface DeliveryTarget {
  readonly topicId: TopicId
  readonly partition: number
}

/** Between tries; doubled from each to the next, and cut short when the metadata changes. */
const PAUSE_MS_MIN = 20
const PAUSE_MS_MAX = 500

/**
 * The way of one batch, try by try, until it is *resolved*: appended, or known not to be, or given
 * up after `deliveryTimeoutMs`. From the first try that may have been applied the bytes stay as
 * they are, and so the log, which knows a batch by its sequence, has it once however often it was
 * sent. A caller's deadline ends the caller's wait and not the delivery: without its end nobody
 * would know with which sequence to go on.
 */
export class Delivery {
  readonly #target: DeliveryTarget
  readonly #batch: WaitingBatch
  readonly #producer: PartitionProducer
  readonly #parts: DeliveryParts
  #state: 'trying' | 'pausing' = 'pausing'
  /** Number of the current try: an earlier one may not be sent any more. */
  #try = 0
  #triedLeader: number | null = null
  /** May the current try be applied at this moment? */
  #isOut = false
  #giveUpAtMs = Number.POSITIVE_INFINITY
  /** Why nobody knows whether some earlier try was applied; null: none was. */
  #doubt: BusError | null = null
  /** Why the last try was refused, in words for callers. */
  #refusal: BusError | null = null
  #appended: Appended | null = null
  #end: BusError | null = null
  #wake: () => void = NOBODY_SLEEPS

  constructor(
    target: DeliveryTarget,
    batch: WaitingBatch,
    producer: PartitionProducer,
    parts: DeliveryParts,
  ) {
    this.#target = target
    this.#batch = batch
    this.#producer = producer
    this.#parts = parts
  }

  /** Resolves when the batch is resolved and its callers know. */
  async run(): Promise<void> {
    let pauseMs = PAUSE_MS_MIN
    while (true) {
      if (this.#appended !== null) return this.#succeed(this.#appended)
      if (this.#end !== null) return this.#fail(this.#end)
      const bytes = this.#bytes()
      if (bytes === 'nobody waits') return
      const failure = bytes === 'no id' ? NO_ID : this.#ended(await this.#send(bytes))
      if (failure === null || this.#appended !== null || this.#end !== null) {
        pauseMs = PAUSE_MS_MIN
        continue
      }
      if (this.#isOverdue()) return this.#fail(undelivered())
      if (this.#mend(failure) === 'give-up') return this.#fail(failure)
      const pause = await this.#pause(
        pauseMs,
        bytes === 'no id' ? this.#producer.idArrived() : null,
      )
      pauseMs = pause === 'over' ? Math.min(pauseMs * 2, PAUSE_MS_MAX) : PAUSE_MS_MIN
    }
  }

  /** What to tell callers whose records were not sent: why the last try was refused, mostly. */
  notSent(): BusError {
    return this.#refusal ?? notSent()
  }

  /** Ends the wait of those whose deadline has passed. */
  expire(nowMs: number): void {
    this.#batch.expire(nowMs, () =>
      this.#isOut || this.#doubt !== null ? timedOut() : this.notSent(),
    )
  }

  /**
   * The metadata has something new of the partition. A leader that no longer leads may be a dead
   * one: its answer is heard if it comes, and not waited for. With acks=leader it is not heard once
   * the batch was sent to the next one, which may have it at another offset, and for good.
   */
  partitionChanged(): void {
    if (this.#state === 'trying') {
      const leader = this.#leader()
      if (leader === null || leader === this.#triedLeader) return
    }
    this.#wake()
  }

  /** Gives up: the topic is gone, or this process ends. */
  end(error: BusError): void {
    this.#end = error
    this.#wake()
  }

  /** What to send. It may leave out those who gave up only while it cannot have been applied. */
  #bytes(): Buffer | 'nobody waits' | 'no id' {
    const stamp = this.#producer.stamp()
    const isFixed = this.#doubt !== null
    if (!isFixed && this.#batch.isAbandoned) return 'nobody waits'
    if (stamp === null) return 'no id'
    return isFixed ? this.#batch.sealed : this.#batch.seal(stamp)
  }

  /**
   * Resolves with why the try failed, or null when something else has come to pass. No async
   * function: that is one promise and one turn of the microtasks more for each batch.
   */
  #send(bytes: Buffer): Promise<BusError | null> {
    const { sender } = this.#parts
    const { topicId, partition } = this.#target
    this.#try += 1
    const number = this.#try
    this.#triedLeader = this.#leader()
    const timeoutMs = this.#timeoutMs()
    this.#state = 'trying'
    return new Promise((resolve) => {
      this.#wake = () => resolve(null)
      sender
        .send(topicId, partition, bytes, this.#batch.acks, timeoutMs, () => this.#maySend(number))
        .then(
          (appended) => {
            if (number !== this.#try && this.#batch.acks === 'leader') return
            this.#appended = appended
            this.#wake()
          },
          (thrown) => resolve(BusError.from(thrown)),
        )
    })
  }

  /** Notes how the try ended, and gives its failure back. */
  #ended(failure: BusError | null): BusError | null {
    this.#state = 'pausing'
    if (failure?.facts.applied === 'unknown') this.#doubt ??= failure
    else if (failure === null && this.#isOut && this.#appended === null)
      this.#doubt ??= unanswered()
    this.#isOut = false
    return failure
  }

  #timeoutMs(): number {
    if (this.#giveUpAtMs === Number.POSITIVE_INFINITY) return limits.produceTryMsMax
    const leftMs = Math.ceil(this.#giveUpAtMs - this.#parts.clock.monotonicMs())
    return Math.max(1, Math.min(limits.produceTryMsMax, leftMs))
  }

  #maySend(number: number): boolean {
    if (number !== this.#try) return false
    if (this.#doubt === null && !this.#batch.isWanted) return false
    if (this.#giveUpAtMs === Number.POSITIVE_INFINITY) {
      this.#giveUpAtMs = this.#parts.clock.monotonicMs() + limits.deliveryTimeoutMs
    }
    this.#isOut = true
    return true
  }

  #isOverdue(): boolean {
    return this.#doubt !== null && this.#parts.clock.monotonicMs() >= this.#giveUpAtMs
  }

  #mend(failure: BusError): 'send-again' | 'give-up' {
    const remedy = remedyOf(failure, this.#doubt !== null)
    if (remedy === 'give-up') return 'give-up'
    if (remedy === 'raise-epoch') this.#producer.raiseEpoch()
    else if (remedy === 'take-new-id') this.#producer.takeNewId()
    else if (failure.facts.applied === 'no') this.#refusal = failure
    return 'send-again'
  }

  /** Half of the pause is chance, so that a fleet of gateways does not come back in step. */
  #pause(pauseMs: number, until: Promise<void> | null): Promise<'over' | 'cut'> {
    const { clock, random } = this.#parts
    return new Promise((resolve) => {
      const timer = clock.setTimer(pauseMs * (0.5 + random.next() / 2), () => resolve('over'))
      const cut = (): void => {
        timer.cancel()
        resolve('cut')
      }
      this.#wake = cut
      void until?.then(cut)
    })
  }

  #succeed({ baseOffset, appendTime }: Appended): void {
    this.#try += 1
    this.#batch.acknowledge(baseOffset, appendTime)
    this.#producer.advance(this.#batch.sealedCount)
    // An earlier try may still stand in the queue of a socket.
    if (this.#doubt === null) this.#batch.release()
  }

  #fail(error: BusError): void {
    this.#try += 1
    // With its topic everything is gone that may have been written to it.
    const isKnown = error.facts.applied === 'unknown' || error.code === 'TOPIC_NOT_FOUND'
    this.#batch.fail(isKnown ? error : (this.#doubt ?? error))
    if (this.#doubt === null) return
    if (error.code === 'INVALID_PRODUCER_EPOCH') this.#producer.takeNewId()
    else this.#producer.raiseEpoch()
  }

  #leader(): number | null {
    return this.#parts.sender.leader(this.#target.topicId, this.#target.partition)
  }
}

const NOBODY_SLEEPS = (): void => {}

const NO_ID = new BusError(
  'BROKER_UNAVAILABLE',
  'No broker has given this gateway an id to write with.',
)

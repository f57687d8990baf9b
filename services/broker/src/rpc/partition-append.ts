import { kafkaCodeOf, kafkaMessageOf, NO_ERROR } from '@courant/kafka-protocol'
import type { BusError } from '@courant/kernel'
import type { ProducedAppend } from '../partition/produced-append.ts'

/** Who is told when an append has its outcome. */
export interface AppendObserver {
  settled(): void
}

/**
 * What a produce does to one partition, from the append to its outcome. It is itself the answer's
 * entry for the partition, so that the hot path builds one object where two would do the same.
 */
export class PartitionAppend implements ProducedAppend {
  readonly index: number
  errorCode: number = NO_ERROR
  baseOffset = -1
  logAppendTimeMs = -1
  logStartOffset = -1
  errorMessage: string | null = null
  readonly #observer: AppendObserver
  #state: 'waiting' | 'settled' = 'waiting'

  constructor(index: number, observer: AppendObserver) {
    this.index = index
    this.#observer = observer
  }

  appended(baseOffset: number, appendTimeMs: number, logStartOffset: number): void {
    this.baseOffset = baseOffset
    this.logAppendTimeMs = appendTimeMs
    this.logStartOffset = logStartOffset
  }

  acknowledge(): void {
    if (this.#state === 'settled') return
    this.#state = 'settled'
    this.#observer.settled()
  }

  /** An outcome that came before, a time-out for example, stands. */
  fail(error: BusError): void {
    if (this.#state === 'settled') return
    this.#state = 'settled'
    this.errorCode = kafkaCodeOf(error)
    this.errorMessage = kafkaMessageOf(error)
    this.baseOffset = -1
    this.logAppendTimeMs = -1
    this.logStartOffset = -1
    this.#observer.settled()
  }
}

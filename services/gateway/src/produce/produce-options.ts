import type { Acks } from '../accumulator/waiting-batch.ts'

/** What the query of a produce asks for. */
export interface ProduceOptions {
  /** `none` is answered before anything is sent; it travels as `leader`. */
  readonly acks: Acks | 'none'
  readonly timeoutMs: number
  /** How a request that succeeds in part is answered: with 207, or as an error. */
  readonly onPartial: 'status' | 'error'
}

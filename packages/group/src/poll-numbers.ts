import { assert } from '@courant/kernel'

/** Bits of the counter: 10^12 polls of a shard in one epoch, and 16 million epochs, fit a uint64. */
const COUNTER_BITS = 40n

/**
 * Numbers the polls of a shard's groups: the shard's epoch, then a counter, so that numbers rise
 * over takeovers. One for each term of a coordinator, outside its groups: one that is thrown away
 * and loaded anew must not give a number twice.
 */
export class PollNumbers {
  readonly #base: bigint
  #counter = 0

  constructor(shardEpoch: number) {
    assert(Number.isInteger(shardEpoch) && shardEpoch >= 0, 'shard epoch out of range')
    this.#base = BigInt(shardEpoch) << COUNTER_BITS
  }

  next(): bigint {
    this.#counter += 1
    return this.last
  }

  /** Not below any number that was given out in this or an earlier epoch. */
  get last(): bigint {
    return this.#base + BigInt(this.#counter)
  }
}

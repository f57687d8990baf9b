import { assert } from '@courant/kernel'

/**
 * Together 2^53: a thousand polls a second for a year in one epoch of a shard, and a quarter of a
 * million epochs, each of which is a takeover or a restart.
 */
const POLLS_PER_EPOCH = 2 ** 35
const EPOCHS = 2 ** 18

/**
 * Numbers the polls of a shard's groups: the shard's epoch, then a counter, so that numbers rise
 * over takeovers. One for each term of a coordinator, outside its groups: one that is thrown away
 * and loaded anew must not give a number twice.
 */
export class PollNumbers {
  /** Not below any number that was given out in this or an earlier epoch. */
  last: number

  constructor(shardEpoch: number) {
    assert(Number.isInteger(shardEpoch) && shardEpoch >= 0 && shardEpoch < EPOCHS)
    this.last = shardEpoch * POLLS_PER_EPOCH
  }

  next(): number {
    this.last += 1
    assert(this.last % POLLS_PER_EPOCH > 0, 'the shard needs a new epoch')
    return this.last
  }
}

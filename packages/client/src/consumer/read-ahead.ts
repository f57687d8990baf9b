import type { Batch } from './batch.ts'
import type { PollPosition } from './member.ts'

/** What reading ahead does as a member. */
export interface Lease {
  /** Null: nothing came, and what had been handed out is no longer this member's. */
  readonly poll: (position: PollPosition, signal: AbortSignal) => Promise<Batch | null>
  /** False: it is to be dropped. */
  readonly mayBegin: (batch: Batch) => Promise<boolean>
  /** Rejects only with what another try cannot mend; a lost lease is no failure. */
  readonly commit: (leaseToken: string) => Promise<void>
  /** Commits as well as it can, at the end. */
  readonly commitLast: (leaseToken: string) => Promise<void>
  readonly stopping: AbortSignal
}

/**
 * Batches, each read while the one before is in work: one at most is held that nobody works on. A
 * token names all that is not committed up to it, and batches are worked on in their order, so a
 * commit never covers what is still ahead.
 *
 * Nothing is read behind a batch that tells of partitions to be given away, or behind an empty one:
 * the next poll then acknowledges, which is what lets a partition move. A poll with `after` would
 * be answered at once, again and again, for as long as something is to be given away.
 */
export async function* readAhead(lease: Lease): AsyncGenerator<Batch, void, undefined> {
  const { stopping } = lease
  let next = beginRead(lease, {})
  let committing = Promise.resolve()
  let done: string | null = null
  const abandon = () => next.abandon(stopping.reason)
  stopping.addEventListener('abort', abandon, { once: true })
  try {
    while (!stopping.aborted) {
      const batch = await next.batch
      done = null
      if (batch === null || !(await lease.mayBegin(batch))) {
        next = beginRead(lease, {})
        continue
      }
      const { leaseToken } = batch
      const isAhead = batch.records.length > 0 && batch.revoked.length === 0
      if (isAhead && !stopping.aborted) next = beginRead(lease, { after: leaseToken })
      // Where the loop is left here, what was handed out is not committed.
      yield batch
      done = leaseToken
      // If that was refused, so is the next, and the server reads on at what is committed: a token
      // from before a partition was lost counts for nothing once it is owned anew.
      await committing
      if (!isAhead) {
        next = beginRead(lease, { ack: leaseToken })
      } else if (!stopping.aborted) {
        committing = inBackground(lease.commit(leaseToken))
        done = null
      }
    }
  } finally {
    stopping.removeEventListener('abort', abandon)
    next.abandon(LEFT)
    // First what is older: a commit that arrives late must not meet a member that has left. Its
    // failure means that records are processed again, and must not hide why the loop was left.
    await Promise.allSettled([committing])
    if (done !== null) await lease.commitLast(done)
  }
}

const LEFT = new Error('What was read ahead is not needed any more')

interface Read {
  readonly batch: Promise<Batch | null>
  readonly abandon: (reason: unknown) => void
}

function beginRead({ poll, stopping }: Lease, position: PollPosition): Read {
  const controller = new AbortController()
  if (stopping.aborted) controller.abort(stopping.reason)
  const batch = inBackground(poll(position, controller.signal))
  return { batch, abandon: (reason) => controller.abort(reason) }
}

/** A failure is seen by whoever awaits it, which may be later, or never. */
function inBackground<Result>(promise: Promise<Result>): Promise<Result> {
  promise.catch(() => {})
  return promise
}

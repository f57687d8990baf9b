import { recordBatches } from '@courant/record-batch'
import type { Fetched } from '../../fetch/partition-fetcher.ts'
import type { PollBounds } from './poll-request.ts'

interface GroupName {
  readonly tenantId: string
  readonly group: string
}

/** Groups that are remembered; of others a poll reads as much as it may hand out. */
const GROUPS_MAX = 10_000
/** Sizes differ, and batches end where they end. */
const ROOM = 1.5
const BYTES_MIN = 64 * 1024

/**
 * How large the stored records of a group were last, on average. A poll is bounded by records and
 * by bytes, a read by bytes alone: without a guess it would fetch a megabyte to hand out fifty
 * kilobytes of it, and fetch the rest again with the next poll.
 */
export class RecordSizes {
  /** By tenant and group; the one that has polled longest ago first. */
  readonly #means = new Map<string, number>()

  bytesFor(name: GroupName, { maxRecords, maxBytes }: Omit<PollBounds, 'format'>): number {
    const mean = this.#means.get(keyOf(name))
    if (mean === undefined) return maxBytes
    return Math.min(maxBytes, Math.max(BYTES_MIN, Math.ceil(mean * maxRecords * ROOM)))
  }

  /** What the group was given; of which a poll may have handed out a part. */
  note(name: GroupName, found: readonly { readonly fetched: Pick<Fetched, 'records'> }[]): void {
    let bytes = 0
    let records = 0
    for (const { fetched } of found) {
      for (const batch of recordBatches(fetched.records)) {
        bytes += batch.size
        records += batch.recordCount
      }
    }
    if (records === 0) return
    const key = keyOf(name)
    this.#means.delete(key)
    this.#means.set(key, bytes / records)
    if (this.#means.size <= GROUPS_MAX) return
    const [oldest = ''] = this.#means.keys()
    this.#means.delete(oldest)
  }
}

function keyOf({ tenantId, group }: GroupName): string {
  return `${tenantId}/${group}`
}

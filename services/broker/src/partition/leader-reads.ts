/** What a leader has read from its log: for consumers, and for those who follow it. */
import type { FollowerFetch } from '@courant/replication'
import type { FetchedRecords, FetchRequest } from './fetched-records.ts'
import type { Leadership } from './leadership.ts'
import type { PartitionHost } from './partition-host.ts'
import { readRecords } from './read-records.ts'

/** Reads below the high watermark. */
export function readCommitted(
  { traffic }: PartitionHost,
  { log }: Leadership,
  request: FetchRequest,
): FetchedRecords | Promise<FetchedRecords> {
  return readRecords(log, request, log.highWatermark, (size) => {
    traffic.fetchedBytes += size
  })
}

/**
 * Reads up to the end of the log for a follower, not yet durable records too, so that both disks
 * work at the same time. Safe, because it cuts its log by epochs before it follows another leader.
 */
export function readAppended(
  { traffic }: PartitionHost,
  { log }: Leadership,
  { offset, leaderEpoch }: FollowerFetch,
  limits: Pick<FetchRequest, 'maxBytes' | 'first'>,
): FetchedRecords | Promise<FetchedRecords> {
  return readRecords(log, { ...limits, offset, leaderEpoch }, log.appendedEnd, (size) => {
    traffic.replicatedOutBytes += size
  })
}

/** What has passed through this broker since it started. Plain numbers, because they are hot. */
export class Traffic {
  producedBatches = 0
  producedRecords = 0
  producedBytes = 0
  /** Batches that idempotent producers have sent again. */
  duplicateBatches = 0
  fetchedBytes = 0
  /** Bytes of records that followers have fetched here, and that this broker has fetched as one. */
  replicatedOutBytes = 0
  replicatedInBytes = 0
  /** Of those, for partitions that are being added to this broker. */
  reassignedInBytes = 0
  /** How many of these wait for the throttle of reassignments. */
  throttledPartitions = (): number => 0
  /** Changes of in-sync replicas that this broker has asked for and got. */
  isrShrinks = 0
  isrExpands = 0
}

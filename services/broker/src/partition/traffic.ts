/** What has passed through this broker since it started. Plain numbers, because they are hot. */
export class Traffic {
  producedBatches = 0
  producedRecords = 0
  producedBytes = 0
  fetchedBytes = 0
}

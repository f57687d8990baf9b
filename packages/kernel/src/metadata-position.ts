/**
 * How new metadata is that somebody has seen. Positions of one cluster are totally ordered: by the
 * incarnation, which an operator begins after a restore, then by the version (reliability B1.2).
 */
export interface MetadataPosition {
  readonly clusterIncarnation: number
  readonly metadataVersion: number
}

export function isNewer(one: MetadataPosition, other: MetadataPosition): boolean {
  if (one.clusterIncarnation !== other.clusterIncarnation) {
    return one.clusterIncarnation > other.clusterIncarnation
  }
  return one.metadataVersion > other.metadataVersion
}

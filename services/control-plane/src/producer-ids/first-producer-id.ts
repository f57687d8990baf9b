/** A block of a thousand each second for 34 years. */
const IDS_PER_INCARNATION = 2 ** 40

/** Where the producer ids of an incarnation begin; exact numbers for 8 191 incarnations. */
export function firstProducerIdOf(clusterIncarnation: number): number {
  return (clusterIncarnation - 1) * IDS_PER_INCARNATION
}

/** Kafka's `acks`: nobody waits, the leader has it, all in-sync replicas have it. */
export type Acks = 0 | 1 | -1

export function isAcks(value: number): value is Acks {
  return value === 0 || value === 1 || value === -1
}

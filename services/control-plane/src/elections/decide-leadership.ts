/**
 * Who leads a partition and who is in sync, after brokers came or went (B3.2, B3.3, KIP-966). Pure.
 * Clean elections only: a replica that may lack an acknowledged record never leads.
 */

export type BrokerStates = ReadonlyMap<number, 'fenced' | 'active' | 'draining'>

/** The part of a partition that elections look at. They change its sets and its leader. */
export interface Leadership {
  /** Preferred leader first. */
  readonly replicas: readonly number[]
  readonly inSyncReplicas: readonly number[]
  readonly eligibleReplicas: readonly number[]
  readonly lastKnownEligibleReplicas: readonly number[]
  readonly leader: number | null
  readonly effectiveMinIsr: number
}

/** The new leadership, or null when all is as it should be. */
export function decideLeadership<State extends Leadership>(
  now: State,
  states: BrokerStates,
): State | null {
  const isActive = (broker: number): boolean => states.get(broker) === 'active'
  const isUp = (broker: number): boolean => isActive(broker) || states.get(broker) === 'draining'
  // Who is leaving stays only where nobody else could serve.
  const activeIsr = now.inSyncReplicas.filter(isActive)
  const staying = activeIsr.length > 0 ? activeIsr : now.inSyncReplicas.filter(isUp)
  const leader = electLeader(now, staying, isActive)
  const joins = leader !== null && !staying.includes(leader)
  const inSyncReplicas = joins ? [leader] : staying
  const next = { ...withInSyncReplicas(now, inSyncReplicas), leader }
  return isSame(now, next) ? null : next
}

/** The present leader as long as it may, else the first replica that is in sync, else eligible. */
function electLeader(
  now: Leadership,
  staying: readonly number[],
  isActive: (broker: number) => boolean,
): number | null {
  if (now.leader !== null && staying.includes(now.leader)) {
    const alone = !staying.some(isActive) && !now.eligibleReplicas.some(isActive)
    if (isActive(now.leader) || alone) return now.leader
  }
  const active = now.replicas.filter(isActive)
  return (
    active.find((broker) => staying.includes(broker)) ??
    active.find((broker) => now.eligibleReplicas.includes(broker)) ??
    null
  )
}

/** Who leaves the in-sync replicas stays eligible while those that remain are too few (B3.3). */
export function withInSyncReplicas<State extends Leadership>(
  now: State,
  inSyncReplicas: readonly number[],
): State {
  if (inSyncReplicas.length >= now.effectiveMinIsr) {
    return { ...now, inSyncReplicas, eligibleReplicas: [], lastKnownEligibleReplicas: [] }
  }
  const complete = new Set([...now.eligibleReplicas, ...now.inSyncReplicas])
  for (const member of inSyncReplicas) complete.delete(member)
  return {
    ...now,
    inSyncReplicas,
    eligibleReplicas: [...complete],
    lastKnownEligibleReplicas: now.lastKnownEligibleReplicas.filter(
      (broker) => !inSyncReplicas.includes(broker) && !complete.has(broker),
    ),
  }
}

function isSame(a: Leadership, b: Leadership): boolean {
  return (
    a.leader === b.leader &&
    sameMembers(a.inSyncReplicas, b.inSyncReplicas) &&
    sameMembers(a.eligibleReplicas, b.eligibleReplicas) &&
    sameMembers(a.lastKnownEligibleReplicas, b.lastKnownEligibleReplicas)
  )
}

function sameMembers(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((member) => b.includes(member))
}

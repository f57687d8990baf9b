/** Where the replicas of a topic's partitions go. Pure: the same input gives the same places. */
import { assert, SeededRandom } from '@courant/kernel'

export interface PlacementBroker {
  readonly brokerId: number
  /** Brokers of one machine have the same: they fail together. */
  readonly host: string
  /** Empty where racks are not told apart. */
  readonly rack: string
}

export interface PlacementRequest {
  readonly brokers: readonly PlacementBroker[]
  readonly partitions: number
  readonly replicationFactor: number
  readonly seed: number
  /** Replicas of the partitions that the topic has already: new ones even them out. */
  readonly existing?: readonly (readonly number[])[]
}

interface Candidate extends PlacementBroker {
  replicas: number
  leaders: number
}

/**
 * The replicas of each partition, preferred leader first. Each goes to a host that has none of the
 * partition yet if there is one, else to a rack that has none, and among those to the broker with
 * the fewest replicas of the topic. The member with the fewest leaders leads. The seed decides
 * between equals, so that many topics of one partition do not all land on the first broker.
 */
export function placeReplicas(request: PlacementRequest): number[][] {
  const { brokers, partitions, replicationFactor, seed, existing = [] } = request
  assert(replicationFactor > 0 && replicationFactor <= brokers.length, 'enough brokers')
  const candidates = shuffled(brokers, new SeededRandom(seed))
  for (const replicas of existing) count(candidates, replicas)
  return Array.from({ length: partitions }, () => {
    const chosen = choose(candidates, replicationFactor)
    for (const candidate of chosen) candidate.replicas += 1
    const leader = least(chosen, ({ leaders }) => leaders)
    leader.leaders += 1
    const followers = chosen.filter((candidate) => candidate !== leader)
    return [leader, ...followers].map(({ brokerId }) => brokerId)
  })
}

export interface ReplacementRequest {
  /** Who may take the place, with the replicas that each has of all topics. */
  readonly candidates: readonly (PlacementBroker & { readonly replicas: number })[]
  /** The partition's other replicas. */
  readonly staying: readonly PlacementBroker[]
}

/** Who takes the place of a replica that leaves. Null: nobody can. */
export function placeReplacement({ candidates, staying }: ReplacementRequest): number | null {
  const free = candidates.filter(
    ({ brokerId }) => !staying.some((other) => other.brokerId === brokerId),
  )
  return free.length === 0 ? null : furthest(free, staying).brokerId
}

function choose(candidates: readonly Candidate[], replicationFactor: number): Candidate[] {
  const chosen: Candidate[] = []
  while (chosen.length < replicationFactor) {
    const rest = candidates.filter((candidate) => !chosen.includes(candidate))
    chosen.push(furthest(rest, chosen))
  }
  return chosen
}

/** Away from the hosts, then from the racks of those taken already; among equals the emptiest. */
function furthest<Of extends PlacementBroker & { readonly replicas: number }>(
  candidates: readonly Of[],
  taken: readonly PlacementBroker[],
): Of {
  const sameRack = 1_000_000_000
  const sameHost = sameRack * 100
  return least(candidates, ({ host, rack, replicas }) => {
    const onHost = taken.filter((other) => other.host === host).length
    const inRack = taken.filter((other) => other.rack === rack).length
    return onHost * sameHost + inRack * sameRack + replicas
  })
}

/** The first of those with the least cost. */
function least<Of extends object>(candidates: readonly Of[], cost: (of: Of) => number): Of {
  const [first] = candidates
  assert(first !== undefined, 'there is a candidate')
  let best = first
  let bestCost = cost(first)
  for (const candidate of candidates) {
    const candidateCost = cost(candidate)
    if (candidateCost < bestCost) [best, bestCost] = [candidate, candidateCost]
  }
  return best
}

function count(candidates: readonly Candidate[], replicas: readonly number[]): void {
  for (const candidate of candidates) {
    if (replicas.includes(candidate.brokerId)) candidate.replicas += 1
    if (replicas[0] === candidate.brokerId) candidate.leaders += 1
  }
}

/** Fisher and Yates. Sorted first: the order in which brokers are given means nothing. */
function shuffled(brokers: readonly PlacementBroker[], random: SeededRandom): Candidate[] {
  const candidates = [...brokers]
    .sort((a, b) => a.brokerId - b.brokerId)
    .map((broker) => ({ ...broker, replicas: 0, leaders: 0 }))
  for (let last = candidates.length - 1; last > 0; last--) {
    const other = random.below(last + 1)
    const [a, b] = [candidates[last], candidates[other]]
    assert(a !== undefined && b !== undefined)
    candidates[last] = b
    candidates[other] = a
  }
  return candidates
}

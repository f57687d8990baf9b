/** What histories have met, so that a test can claim that it is not about the sunny side only. */
import { isVouchedFor } from '../../src/brokers/is-vouched-for.ts'
import type { PartitionRow } from '../../src/schema/partition.ts'
import type { ClusterState } from '../model/database/cluster-state.ts'
import type { Outcome } from './outcome.ts'

const SIGHTS: Readonly<Record<string, (row: PartitionRow) => boolean>> = {
  'a partition without a leader': ({ leader }) => leader === null,
  'an eligible replica': ({ eligibleReplicas }) => eligibleReplicas.length > 0,
  'a last known eligible replica': ({ lastKnownEligibleReplicas }) =>
    lastKnownEligibleReplicas.length > 0,
  'an unclean term': ({ lastUncleanLeaderEpoch }) => lastUncleanLeaderEpoch > 0,
  'a partition that moves': ({ targetReplicas }) => targetReplicas.length > 0,
  'fewer in sync than the minimum': ({ inSyncReplicas, effectiveMinIsr }) =>
    inSyncReplicas.length < effectiveMinIsr,
}

export class Coverage {
  /** How often, by `<call> <answer or code>` and by sight. */
  readonly counts = new Map<string, number>()

  add(call: string, outcome: Outcome): void {
    const isError = 'error' in outcome
    const found = isError ? [outcome.error] : ['answer', ...errorsWithin(outcome.answer)]
    for (const what of found) this.#count(`${call} ${what}`)
  }

  look({ brokers, partitions }: ClusterState): void {
    for (const [sight, isSeen] of Object.entries(SIGHTS)) {
      if ([...partitions.values()].some(isSeen)) this.#count(sight)
    }
    const held = [...partitions.values()].flatMap(({ eligibleReplicas }) => eligibleReplicas)
    if ([...brokers.values()].some((row) => held.includes(row.brokerId) && !isVouchedFor(row))) {
      this.#count('an eligible replica that nothing vouches for')
    }
    for (const { state, isEmptying } of brokers.values()) {
      this.#count(isEmptying ? 'a broker to be emptied' : `a broker that is ${state}`)
    }
  }

  #count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1)
  }
}

/** Of calls that decide for many partitions, one by one. */
function errorsWithin(answer: unknown): string[] {
  if (typeof answer !== 'object' || answer === null || !('results' in answer)) return []
  const results = answer.results as readonly { readonly error: string }[]
  return results.map(({ error }) => (error === '' ? 'done' : error))
}

import type { ClusterChecker } from '../checks/cluster-checker.ts'
import { ensure } from '../checks/violation.ts'
import type { SimCluster } from '../cluster/sim-cluster.ts'
import type { Target } from './target.ts'

const SETTLE_MS_MAX = 60_000

interface Promised {
  readonly value: string
  readonly target: Target
  readonly term: number
}

/**
 * What acks=leader promises: a record is lost only with its leader. Where one broker led a
 * partition when the record was sent, and nobody else has begun to since, it must be there in the
 * end.
 */
export class LeaderPromises {
  readonly #checker: ClusterChecker
  readonly #promised: Promised[] = []

  constructor(checker: ClusterChecker) {
    this.#checker = checker
  }

  /** `term` is that of when it was sent; null when no one leader was known. */
  made(value: string, target: Target, term: number | null): void {
    if (term !== null) this.#promised.push({ value, target, term })
  }

  /** When all is healed and nothing is written any more: the newest may still be replicated. */
  async check(cluster: SimCluster): Promise<void> {
    await cluster.until(() => this.#broken() === undefined, SETTLE_MS_MAX)
    const broken = this.#broken()
    ensure(broken === undefined, () => {
      const { topic, partition } = broken?.target ?? {}
      return `${broken?.value} was acknowledged by the leader of ${topic}/${partition}, which leads still`
    })
  }

  #broken(): Promised | undefined {
    return this.#promised.find(({ value, target: { topicId, partition }, term }) => {
      const { isDeleted } = this.#checker.committedLog(topicId, partition)
      if (isDeleted || this.#checker.soleTerm(topicId, partition) !== term) return false
      return this.#checker.fates.placeOf(value) === undefined
    })
  }
}

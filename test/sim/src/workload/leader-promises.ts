import type { ClusterChecker } from '../checks/cluster-checker.ts'
import { ensure } from '../checks/violation.ts'
import type { Target } from './target.ts'

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

  /** When everything is committed that is going to be. */
  check(): void {
    for (const { value, target, term } of this.#promised) {
      const { topic, topicId, partition } = target
      const log = this.#checker.committedLog(topicId, partition)
      if (log.isDeleted || this.#checker.soleTerm(topicId, partition) !== term) continue
      ensure(
        this.#checker.fates.placeOf(value) !== undefined,
        () => `${value} was acknowledged by the leader of ${topic}/${partition}, which leads still`,
      )
    }
  }
}

import type { TopicPartitions } from '@courant/api/internal/v1/group'

/**
 * What a member was to give away or has lost while a poll was open. The coordinator tells each loss
 * once, and a poll may ask more than once before its caller hears anything.
 */
export class RevokedPartitions {
  readonly #topics = new Map<string, { readonly topic: string; readonly partitions: Set<number> }>()

  add(revoked: readonly TopicPartitions[]): void {
    for (const { topicId, topic, partitions } of revoked) {
      const known = this.#topics.get(topicId) ?? { topic, partitions: new Set<number>() }
      this.#topics.set(topicId, known)
      for (const partition of partitions) known.partitions.add(partition)
    }
  }

  get isEmpty(): boolean {
    return this.#topics.size === 0
  }

  list(): { readonly topic: string; readonly partitions: number[] }[] {
    return [...this.#topics.values()].map(({ topic, partitions }) => ({
      topic,
      partitions: [...partitions].sort((a, b) => a - b),
    }))
  }
}

import type { Topic } from './model.ts'

/** Which part of a tenant's topics a list wants. */
export interface TopicQuery {
  readonly prefix?: string
  /** Names after this one only. */
  readonly after?: string
  readonly limit?: number
}

/**
 * The topics of one tenant by name, and in the order of their names. The order is made when a list
 * is first asked for and kept from then on, so that loading a large snapshot does not sort.
 */
export class TopicList {
  readonly #byName = new Map<string, Topic>()
  #sorted: Topic[] | null = null

  get size(): number {
    return this.#byName.size
  }

  get(name: string): Topic | null {
    return this.#byName.get(name) ?? null
  }

  set(topic: Topic): void {
    const replaces = this.#byName.has(topic.name)
    this.#byName.set(topic.name, topic)
    this.#sorted?.splice(lowerBound(this.#sorted, topic.name), replaces ? 1 : 0, topic)
  }

  delete(topic: Topic): void {
    // A name may meanwhile belong to a newer topic.
    if (this.#byName.get(topic.name)?.topicId !== topic.topicId) return
    this.#byName.delete(topic.name)
    this.#sorted?.splice(lowerBound(this.#sorted, topic.name), 1)
  }

  list({ prefix = '', after = '', limit = Number.POSITIVE_INFINITY }: TopicQuery): Topic[] {
    this.#sorted ??= [...this.#byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
    const found: Topic[] = []
    let index = lowerBound(this.#sorted, after > prefix ? after : prefix)
    for (; index < this.#sorted.length && found.length < limit; index++) {
      const topic = this.#sorted[index]
      if (topic === undefined || !topic.name.startsWith(prefix)) break
      if (topic.name > after) found.push(topic)
    }
    return found
  }
}

/** Index of the first topic whose name is not less than `name`. */
function lowerBound(sorted: readonly Topic[], name: string): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle]?.name ?? '') < name) low = middle + 1
    else high = middle
  }
  return low
}

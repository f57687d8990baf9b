import type { SeededRandom } from '@courant/kernel'
import type { SimCluster } from '../cluster/sim-cluster.ts'
import type { Target } from './target.ts'

export interface TopicPlan {
  readonly name: string
  readonly partitionCount: number
  readonly minInsyncReplicas: number
}

export interface SimTopic extends TopicPlan {
  readonly topicId: string
}

/** The topics that exist, as far as clients and operators know. */
export class Topics {
  readonly #cluster: SimCluster
  readonly #topics = new Map<string, SimTopic>()
  readonly #plans = new Map<string, TopicPlan>()
  #targets: Target[] = []
  onCreate: (targets: readonly Target[]) => void = () => undefined

  constructor(cluster: SimCluster) {
    this.#cluster = cluster
  }

  get targets(): readonly Target[] {
    return this.#targets
  }

  all(): SimTopic[] {
    return [...this.#topics.values()]
  }

  /** Also of those that are deleted, and will be created again. */
  plans(): TopicPlan[] {
    return [...this.#plans.values()]
  }

  pick(random: SeededRandom): SimTopic | null {
    const all = this.all()
    return all[random.below(all.length)] ?? null
  }

  /** Throws BusError where the control plane refuses it. */
  create({ name, partitionCount, minInsyncReplicas }: TopicPlan): void {
    const topicId = this.#cluster.createTopic(name, partitionCount, minInsyncReplicas)
    const topic = { name, partitionCount, minInsyncReplicas, topicId }
    this.#topics.set(name, topic)
    this.#plans.set(name, topic)
    this.#listTargets()
    this.onCreate(this.#targets.filter((target) => target.topicId === topicId))
  }

  delete({ name }: SimTopic): void {
    if (!this.#topics.delete(name)) return
    this.#listTargets()
    this.#cluster.deleteTopic(name)
  }

  #listTargets(): void {
    this.#targets = this.all().flatMap(({ name, topicId, partitionCount }) =>
      Array.from({ length: partitionCount }, (_, partition) => ({
        topic: name,
        topicId,
        partition,
      })),
    )
  }
}

import {
  createTopic,
  deleteTopic,
  type ModelCluster,
  type Work,
} from '@courant/control-plane/model'
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

const REPLICATION_FACTOR = 3

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

  /** At once, before the faults begin. */
  create(plan: TopicPlan): void {
    const { random } = this.#cluster
    this.#cluster.atOnce((cluster) => this.#creation(plan, cluster, random))
    this.#created(plan)
  }

  /** By an operator, who may be refused: then the topic is gone for good. */
  async createAgain(plan: TopicPlan): Promise<void> {
    const { operator } = this.#cluster
    await operator.ask(({ cluster, process }) => this.#creation(plan, cluster, process.random))
    this.#created(plan)
  }

  async delete({ name }: SimTopic): Promise<void> {
    if (!this.#topics.delete(name)) return
    this.#listTargets()
    const { operator, tenantId } = this.#cluster
    await operator.ask(({ cluster }) => deleteTopic(cluster, { tenantId, name }))
  }

  #creation(plan: TopicPlan, cluster: ModelCluster, random: SeededRandom): Work<unknown> {
    const { tenantId, options } = this.#cluster
    const { retention, segmentBytes } = options
    const config = {
      'min.insync.replicas': String(plan.minInsyncReplicas),
      'segment.bytes': String(segmentBytes),
      'segment.ms': String(retention.segmentMs),
      'retention.ms': String(retention.ms),
      'retention.bytes': String(retention.bytes),
    }
    const { name, partitionCount } = plan
    const request = {
      tenantId,
      name,
      partitionCount,
      replicationFactor: REPLICATION_FACTOR,
      config,
    }
    return createTopic({ cluster, random }, request)
  }

  /** Whoever has lost the answer finds the topic all the same. */
  #created(plan: TopicPlan): void {
    const { tenantId, state } = this.#cluster
    const row = [...state.topics.values()].find(
      (topic) => topic.tenantId === tenantId && topic.name === plan.name,
    )
    if (row === undefined) return
    const { topicId } = row
    this.#topics.set(plan.name, { ...plan, topicId })
    this.#plans.set(plan.name, plan)
    this.#listTargets()
    this.onCreate(this.#targets.filter((target) => target.topicId === topicId))
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

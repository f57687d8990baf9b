/** One random history on both sides, compared after every step. */
import { assert, SeededRandom } from '@courant/kernel'
import type { Cluster } from '../../src/cluster.ts'
import { FeedState } from '../../src/feed/feed-state.ts'
import type { FeedEntry } from '../../src/feed/read-entries.ts'
import { type FeedReading, readFeed, readFeedAndDigest } from '../../src/feed/read-feed.ts'
import { type ClusterState, newCluster, ONLY_ROW } from '../model/database/cluster-state.ts'
import { ModelCluster } from '../model/database/model-cluster.ts'
import { readFeed as readModelFeed } from '../model/database/read-feed.ts'
import { runAtOnce, type Work } from '../model/database/transaction.ts'
import { beginIncarnation } from '../model/operators/begin-incarnation.ts'
import { rowsOfModel, rowsOfTables } from './all-rows.ts'
import { brokerCalls } from './broker-calls.ts'
import { Choices } from './choices.ts'
import type { Coverage } from './coverage.ts'
import { difference } from './difference.ts'
import type { Kind, Operation } from './operation.ts'
import { operatorCalls } from './operator-calls.ts'
import { outcomeOf } from './outcome.ts'
import type { RealDatabase } from './real-side.ts'
import { topicCalls } from './topic-calls.ts'

const KINDS: readonly Kind[] = [...brokerCalls, ...topicCalls, ...operatorCalls]
const WEIGHT = KINDS.reduce((sum, { weight }) => sum + weight, 0)
const BEGINNING_MS = Date.UTC(2026, 0, 1)

export class History {
  readonly coverage: Coverage
  readonly #real: RealDatabase
  readonly #cluster: Cluster
  readonly #state: ClusterState
  readonly #model: ModelCluster
  readonly #choices: Choices
  #nowMs = BEGINNING_MS
  /** Of the last comparison of the feeds. */
  #seenVersion = 0

  private constructor(real: RealDatabase, cluster: Cluster, seed: number, coverage: Coverage) {
    this.#real = real
    this.#cluster = cluster
    this.#state = newCluster(cluster.identity.clusterId)
    this.#model = ModelCluster.of(this.#state)
    this.#choices = new Choices(new SeededRandom(seed))
    this.coverage = coverage
  }

  static async begin(real: RealDatabase, seed: number, coverage: Coverage): Promise<History> {
    const cluster = await real.empty(new SeededRandom(seed).uuid())
    return new History(real, cluster, seed, coverage)
  }

  /** Throws an Error that tells the first difference. */
  async run(steps: number): Promise<void> {
    for (let step = 1; step <= steps; step++) {
      await this.#passTime()
      await this.#upset()
      await this.#take(this.#next(step), step)
      if (this.#choices.percent(20)) await this.#compareFeeds(this.#seenVersion)
    }
    await this.#compareFeeds(0)
    await this.#compareDigests()
  }

  #next(step: number): Operation {
    const view = { state: this.#state, choices: this.#choices, version: this.#version }
    return kindOf(step, this.#choices).next(view)
  }

  async #take(operation: Operation, step: number): Promise<void> {
    const { name, request } = operation
    const seed = this.#choices.random.below(2 ** 31)
    const real = await outcomeOf(() =>
      operation.onReal(this.#real.side(this.#cluster, new SeededRandom(seed))),
    )
    const side = { cluster: this.#model, random: new SeededRandom(seed) }
    const model = await outcomeOf(async () => this.#runModel(operation.onModel(side)))
    this.coverage.add(name, model)
    this.coverage.look(this.#state)
    const where = `step ${step}, ${name} ${JSON.stringify(request)}`
    const other = difference(real, model)
    if (other !== null) throw new Error(`${where}: another answer\n${other}`)
    const rows = difference(rowsOfTables(await this.#real.rows()), rowsOfModel(this.#state))
    if (rows !== null) throw new Error(`${where}: other rows\n${rows}`)
  }

  #runModel<Result>(work: Work<Result>): Result {
    return runAtOnce(this.#state, work, this.#nowMs)
  }

  async #passTime(): Promise<void> {
    const passed = this.#choices.percent(3) ? 12_000 : this.#choices.between(0, 1_500)
    this.#nowMs += passed
    await this.#real.setTime(this.#nowMs)
  }

  /**
   * Now and then the database is not what the control plane believes. Whatever it then does has to
   * leave nothing behind.
   */
  async #upset(): Promise<void> {
    const chance = this.#choices.between(1, 100)
    if (chance === 1) {
      this.#runModel(beginIncarnation())
      await this.#real.beginIncarnation()
    }
    if (chance === 2) this.#believe((cluster) => cluster.reached(this.#version + 1))
    if (chance > 80) {
      const { identity } = ModelCluster.of(this.#state)
      this.#believe((cluster) => cluster.adopt(identity))
    }
  }

  #believe(what: (cluster: Pick<Cluster, 'adopt' | 'reached'>) => void): void {
    what(this.#cluster)
    what(this.#model)
  }

  async #compareFeeds(since: number): Promise<void> {
    const real = await readFeed(
      this.#real.side(this.#cluster, this.#choices.random).database,
      since,
    )
    const model = this.#runModel(readModelFeed(since))
    const other = difference(sorted(real), sorted(model))
    if (other !== null) throw new Error(`another feed since version ${since}\n${other}`)
    this.#seenVersion = this.#version
  }

  /** What watchers of the model would compare their copies with. */
  async #compareDigests(): Promise<void> {
    const { database } = this.#real.side(this.#cluster, this.#choices.random)
    const { sums } = await readFeedAndDigest(database, this.#version)
    const { head, entries } = this.#runModel(readModelFeed(0))
    const { digest } = new FeedState(head.metadataVersion, head.feedFloor, entries)
    const other = difference(sums, digest)
    if (other !== null) throw new Error(`another digest\n${other}`)
  }

  get #version(): number {
    return this.#state.meta.get(ONLY_ROW)?.metadataVersion ?? 0
  }
}

/** What a cluster needs first, first. */
const FIRST: readonly string[] = [
  ...Array.from({ length: 3 }, () => 'createTenant'),
  ...Array.from({ length: 6 }, () => ['registerBroker', 'sendHeartbeat', 'sendHeartbeat']).flat(),
  ...Array.from({ length: 4 }, () => 'createTopic'),
]

function kindOf(step: number, choices: Choices): Kind {
  const name = FIRST[step - 1]
  const first = KINDS.find((kind) => kind.name === name)
  if (first !== undefined) return first
  let left = choices.random.below(WEIGHT)
  const chosen = KINDS.find(({ weight }) => {
    left -= weight
    return left < 0
  })
  assert(chosen !== undefined, 'the weights add up')
  return chosen
}

/** The order among things of one kind means nothing. */
function sorted({ head, entries }: FeedReading) {
  const idOf = ({ kind, entry }: FeedEntry): string => `${kind}/${entry.key}`
  return {
    head,
    order: entries.map(({ kind, entry }) => (entry.value?.$case === 'deleted' ? 'deleted' : kind)),
    entries: Object.fromEntries(entries.map((entry) => [idOf(entry), entry.entry])),
  }
}

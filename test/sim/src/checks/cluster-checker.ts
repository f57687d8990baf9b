import type { RunningBroker } from '@courant/broker/run'
import type { BrokerNode } from '../cluster/broker-node.ts'
import type { SimCluster } from '../cluster/sim-cluster.ts'
import { EPOCH_MS, type SimProcess } from '../machine/sim-process.ts'
import type { Batch } from './batch.ts'
import { CommittedLog } from './committed-log.ts'
import { type Log, ReplicaView } from './replica-view.ts'
import { type PartitionRow, RowHistory, showRow } from './row-history.ts'
import { ValueFates } from './value-fates.ts'
import { ensure } from './violation.ts'

/** What is known of a broker's replicas: of the process that runs, or that ran last. */
interface Observed {
  readonly node: BrokerNode
  process: SimProcess | null
  broker: RunningBroker | null
  /**
   * The broker epoch in which its disk was lost. Rows may name it that cannot know of that yet: as
   * in sync until a later epoch begins, and as eligible until it is active in one. Null once it is.
   */
  lostIn: number | null
  /** By log: a log that was deleted and created again is another one. */
  readonly running: Map<Log, ReplicaView>
  /** By partition: the newest that is current, or what the last process left. */
  readonly views: Map<string, ReplicaView>
}

/**
 * The invariants that one can see from outside (reliability C4, I1 to I8), checked when something
 * has moved that could break them:
 *
 * - what is below a high watermark is one log, for ever and on every replica;
 * - who is in sync or eligible has all that is committed, on its disk;
 * - who leads has it, and nobody else leads in the same epoch;
 * - rows change as the control plane may change them.
 */
export class ClusterChecker {
  readonly #cluster: SimCluster
  readonly fates = new ValueFates()
  readonly #logs = new Map<string, CommittedLog>()
  readonly #observed = new Map<number, Observed>()
  readonly #byProcess = new Map<SimProcess, Observed>()
  readonly #leaders = new Map<string, number>()
  /** How often somebody has begun to lead a partition. */
  readonly #terms = new Map<string, number>()
  readonly #rows: RowHistory

  constructor(cluster: SimCluster) {
    this.#cluster = cluster
    this.#rows = new RowHistory(cluster.state)
    for (const node of cluster.brokers) {
      const observed: Observed = {
        node,
        process: null,
        broker: null,
        lostIn: null,
        running: new Map(),
        views: new Map(),
      }
      this.#observed.set(node.id, observed)
      node.onOpen = (_node, broker, process) => this.#opened(observed, broker, process)
      node.onDeath = () => this.#died(observed)
      node.onDiskLost = () => {
        observed.lostIn = cluster.state.brokers.get(node.id)?.brokerEpoch ?? 0
        observed.views.clear()
      }
    }
    cluster.scheduler.afterEvent = (owner) => this.#afterEvent(owner)
    cluster.database.onCommit = () => this.#committed()
  }

  committedLog(topicId: string, partition: number): CommittedLog {
    const key = `${topicId}/${partition}`
    const known = this.#logs.get(key)
    if (known !== undefined) return known
    const log = new CommittedLog(`${topicId.slice(0, 4)}/${partition}`, this.fates)
    this.#logs.set(key, log)
    log.isBehind = () => this.#isReading(key)
    return log
  }

  get logs(): Iterable<CommittedLog> {
    return this.#logs.values()
  }

  /** Whether a replica has all that is committed, and knows it. */
  isComplete(brokerId: number, topicId: string, partition: number): boolean {
    const view = this.#observed.get(brokerId)?.views.get(`${topicId}/${partition}`)
    const { end } = this.committedLog(topicId, partition)
    return (view?.safeEnd ?? 0) >= end && (view?.highWatermark ?? 0) >= end
  }

  /** Where a replica's log begins. */
  logStart(brokerId: number, topicId: string, partition: number): number {
    return this.#observed.get(brokerId)?.views.get(`${topicId}/${partition}`)?.logStart ?? 0
  }

  /**
   * The term of the one broker that leads, as a number that no later term has; null while several
   * or none do.
   */
  soleTerm(topicId: string, partition: number): number | null {
    const leaders = [...this.#observed.values()].filter(
      ({ broker }) => broker?.partitions.find(topicId, partition)?.leadership != null,
    )
    return leaders.length === 1 ? (this.#terms.get(`${topicId}/${partition}`) ?? 0) : null
  }

  /** How far each replica is. */
  describe(topicId: string, partition: number): string {
    const { end } = this.committedLog(topicId, partition)
    const ends = [...this.#observed.values()].map(({ node, views }) => {
      const view = views.get(`${topicId}/${partition}`)
      return `broker ${node.id} ${view?.safeEnd} (${view?.appendedEnd}, ${view?.highWatermark})`
    })
    return `committed ${end}, ${ends.join(', ')}`
  }

  #opened(observed: Observed, broker: RunningBroker, process: SimProcess): void {
    observed.broker = broker
    observed.process = process
    observed.running.clear()
    this.#byProcess.set(process, observed)
    for (const key of [...observed.views.keys()]) {
      const [topicId, partition] = key.split('/')
      const found = broker.logs.find(
        topicId as Log['topicId'],
        Number(partition) as Log['partition'],
      )
      if (found === null) this.#forget(observed, key)
    }
  }

  /** Before it dies: what it has by now is what its disk may have. */
  #died(observed: Observed): void {
    if (observed.broker !== null) this.#look(observed, observed.broker)
    if (observed.process !== null) this.#byProcess.delete(observed.process)
    observed.broker = null
    observed.process = null
  }

  #afterEvent(owner: SimProcess | null): void {
    if (owner === null) return
    const observed = this.#byProcess.get(owner)
    if (observed?.broker != null) this.#look(observed, observed.broker)
  }

  #look(observed: Observed, broker: RunningBroker): void {
    let count = 0
    for (const log of broker.logs.partitions()) {
      count += 1
      const view = observed.running.get(log) ?? this.#newView(observed, log)
      const key = `${log.topicId}/${log.partition}`
      if (view.committed.isDeleted) continue
      if (view.look() && view.isCurrent) this.#moved(observed, view, key)
      const leadership = broker.partitions.find(log.topicId, log.partition)?.leadership ?? null
      if (leadership === view.leadership || !view.isCurrent) continue
      view.leadership = leadership
      if (leadership !== null) this.#leads(observed, view, key, leadership.epoch)
    }
    if (count < observed.running.size) this.#forgetDeleted(observed, broker)
  }

  #newView(observed: Observed, log: Log): ReplicaView {
    const committed = this.committedLog(log.topicId, log.partition)
    const view = new ReplicaView(`broker ${observed.node.id}`, log, committed)
    observed.running.set(log, view)
    return view
  }

  /** A broker may delete what has moved away from it, but nothing that anybody counts on. */
  #forgetDeleted(observed: Observed, broker: RunningBroker): void {
    const present = new Set(broker.logs.partitions())
    for (const [log, view] of [...observed.running]) {
      if (present.has(log)) continue
      observed.running.delete(log)
      const key = `${log.topicId}/${log.partition}`
      if (observed.views.get(key) === view) this.#forget(observed, key)
    }
  }

  #forget(observed: Observed, key: string): void {
    observed.views.delete(key)
    const row = this.#cluster.database.decided.partitions.get(key)
    if (row !== undefined) this.#mayBeElected(row)
  }

  #moved(observed: Observed, view: ReplicaView, key: string): void {
    const { committed } = view
    const before = observed.views.get(key)
    const { end } = committed
    view.commit()
    view.match()
    committed.trimmed(view.logStart, view.who, (batch) => this.#mayDelete(batch))
    if (before !== view) {
      observed.views.set(key, view)
      const isSameLog = before?.incarnation === view.incarnation
      const kept = isSameLog ? before.safeEnd : 0
      ensure(
        view.safeEnd >= Math.min(kept, end),
        () =>
          `${view.who} had all up to ${kept} on its disk, and has recovered up to ${view.safeEnd}`,
      )
    }
    if (committed.end === end && before === view) return
    for (const { views } of this.#observed.values()) views.get(key)?.match()
    const row = this.#cluster.database.decided.partitions.get(key)
    if (row !== undefined) this.#mayBeElected(row)
  }

  #leads(observed: Observed, view: ReplicaView, key: string, epoch: number): void {
    const { id } = observed.node
    const term = `${key}/${epoch}`
    const other = this.#leaders.get(term) ?? id
    this.#leaders.set(term, id)
    this.#terms.set(key, (this.#terms.get(key) ?? 0) + 1)
    ensure(other === id, () => `brokers ${other} and ${id} both lead ${key} in epoch ${epoch}`)
    // Who hears late of a term that is over leads nobody: what came after is committed without it.
    if (this.#cluster.database.decided.partitions.get(key)?.leaderEpoch !== epoch) return
    ensure(
      view.safeEnd >= view.committed.end,
      () => `${view.who} leads with ${view.safeEnd} of ${view.committed.end} that are committed`,
    )
  }

  #committed(): void {
    // What an old backup says is not what was decided.
    if (this.#cluster.database.isRolledBack) return
    for (const observed of this.#observed.values()) this.#mayKnowOfLoss(observed)
    for (const row of this.#rows.look()) {
      this.#cluster.journal.tell('database', () => showRow(row))
      this.#mayBeElected(row)
    }
    for (const { topicId } of this.#cluster.database.decided.tombstones.values()) {
      for (const [key, log] of this.#logs) if (key.startsWith(topicId)) log.delete()
    }
  }

  /** Rows that name it without having changed are wrong from now on. */
  #mayKnowOfLoss(observed: Observed): void {
    const broker = this.#cluster.database.decided.brokers.get(observed.node.id)
    if (observed.lostIn === null || broker === undefined) return
    if (broker.brokerEpoch <= observed.lostIn || broker.state === 'fenced') return
    observed.lostIn = null
    for (const row of this.#cluster.database.decided.partitions.values()) this.#mayBeElected(row)
  }

  #mayNotKnowOfLoss({ node, lostIn }: Observed, row: PartitionRow): boolean {
    if (lostIn === null) return false
    const brokerEpoch = this.#cluster.database.decided.brokers.get(node.id)?.brokerEpoch ?? 0
    return brokerEpoch <= lostIn || row.eligibleReplicas.includes(node.id)
  }

  /** Whoever is in sync or eligible has all that is committed, on its disk. */
  #mayBeElected(row: PartitionRow): void {
    const key = `${row.topicId}/${row.partition}`
    const committed = this.#logs.get(key)
    if (committed === undefined || committed.end === 0 || committed.isDeleted) return
    for (const id of [...row.inSyncReplicas, ...row.eligibleReplicas]) {
      const observed = this.#observed.get(id)
      if (observed === undefined || this.#mayNotKnowOfLoss(observed, row)) continue
      const safeEnd = this.#safeEnd(observed, key)
      ensure(
        safeEnd >= committed.end,
        () =>
          `broker ${id} has ${safeEnd} of ${committed.end} that are committed in ${showRow(row)}`,
      )
    }
  }

  /** By size anything may go; by age, what is old by any clock of the cluster. */
  #mayDelete({ maxTimestamp }: Batch): boolean {
    const { options, scheduler } = this.#cluster
    const { ms, bytes } = options.retention
    if (bytes >= 0) return true
    const latestNow = EPOCH_MS + scheduler.nowMs + 2 * options.wallSkewMs
    return ms >= 0 && latestNow - maxTimestamp >= ms
  }

  #isReading(key: string): boolean {
    for (const { running } of this.#observed.values()) {
      for (const view of running.values()) if (view.key === key && !view.isCurrent) return true
    }
    return false
  }

  /** Up to where it has what is committed; while its files are still read, what it says itself. */
  #safeEnd(observed: Observed, key: string): number {
    for (const view of observed.running.values()) {
      if (view.key === key && !view.isCurrent) return view.durableEnd
    }
    return observed.views.get(key)?.safeEnd ?? 0
  }
}

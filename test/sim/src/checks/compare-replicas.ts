import { BusError } from '@courant/kernel'
import type { BrokerNode } from '../cluster/broker-node.ts'
import type { SimCluster } from '../cluster/sim-cluster.ts'
import type { Target } from '../workload/target.ts'
import type { ClusterChecker } from './cluster-checker.ts'
import type { Log } from './replica-view.ts'
import { showRow } from './row-history.ts'
import { ensure } from './violation.ts'

/** Damage has to be found first, by a look that comes round every ten seconds. */
const SETTLE_MS_MAX = 60_000
/** Until a damaged replica has left, and was fetched anew. */
const REPAIR_MS_MAX = 60_000
const REPAIR_STEP_MS = 500
const READ_BYTES = 64 * 1024

/**
 * Reads every replica below its high watermark: all must be the same, byte by byte, from where the
 * last of them begins. A follower begins where its leader does, or behind that when an earlier
 * leader had deleted more.
 */
export async function compareReplicas(
  cluster: SimCluster,
  checker: ClusterChecker,
  targets: readonly Target[],
): Promise<void> {
  for (const { topicId, partition, topic } of targets) {
    const row = cluster.state.partitions.get(`${topicId}/${partition}`)
    if (row === undefined) continue
    const isComplete = (): boolean =>
      row.replicas.every((id) => checker.isComplete(id, topicId, partition))
    ensure(
      await cluster.until(isComplete, SETTLE_MS_MAX),
      () =>
        `not every replica of ${topic}/${partition} gets to what is committed: ` +
        `${checker.describe(topicId, partition)}; ${showRow(row)}`,
    )
    const startOf = (id: number): number => checker.logStart(id, topicId, partition)
    const follows = (): boolean => {
      // Leaders go back to where they are preferred meanwhile.
      const leader = cluster.state.partitions.get(`${topicId}/${partition}`)?.leader ?? null
      return leader === null || row.replicas.every((id) => startOf(id) >= startOf(leader))
    }
    ensure(
      await cluster.until(follows, SETTLE_MS_MAX),
      () => `not every replica of ${topic}/${partition} begins where its leader does`,
    )
    checker.committedLog(topicId, partition).requireClaims()
    const start = Math.max(...row.replicas.map(startOf))
    const contents: Buffer[] = []
    for (const node of cluster.brokers) {
      if (!row.replicas.includes(node.id)) continue
      contents.push(
        await wholeReplica(cluster, checker, node, { topicId, partition, topic }, start),
      )
    }
    const [first] = contents
    ensure(
      first !== undefined && contents.every((bytes) => bytes.equals(first)),
      () => `the replicas of ${topic}/${partition} differ`,
    )
  }
}

/** What is damaged is read once it is repaired. */
async function wholeReplica(
  cluster: SimCluster,
  checker: ClusterChecker,
  node: BrokerNode,
  { topicId, partition, topic }: Target,
  start: number,
): Promise<Buffer> {
  const giveUpMs = cluster.scheduler.nowMs + REPAIR_MS_MAX
  while (true) {
    const log = node.broker?.logs.find(topicId as Log['topicId'], partition as Log['partition'])
    if (log != null && checker.isComplete(node.id, topicId, partition)) {
      try {
        return await everything(log, start)
      } catch (error) {
        if (!node.isDamaged || !(error instanceof BusError)) throw error
      }
    }
    ensure(
      cluster.scheduler.nowMs < giveUpMs,
      () => `broker ${node.id} has no whole log of ${topic}/${partition}`,
    )
    await cluster.sleep(REPAIR_STEP_MS)
  }
}

async function everything(log: Log, start: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let offset = start as Log['logStartOffset']
  while (offset < log.highWatermark) {
    const end = log.highWatermark
    const found = await log.read({ offset, maxBytes: READ_BYTES, end, first: 'whole' })
    chunks.push(...found.chunks.map((chunk) => Buffer.from(chunk)))
    found.release()
    if (found.nextOffset === offset) break
    offset = found.nextOffset
  }
  return Buffer.concat(chunks)
}

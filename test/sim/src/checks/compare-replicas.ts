import type { SimCluster } from '../cluster/sim-cluster.ts'
import type { Target } from '../workload/target.ts'
import type { ClusterChecker } from './cluster-checker.ts'
import type { Log } from './replica-view.ts'
import { showRow } from './row-history.ts'
import { ensure } from './violation.ts'

const SETTLE_MS_MAX = 30_000
const READ_BYTES = 64 * 1024

/** Reads every replica below its high watermark: all must be the same, byte by byte. */
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
    checker.committedLog(topicId, partition).requireClaims()
    const contents: Buffer[] = []
    for (const node of cluster.brokers) {
      if (!row.replicas.includes(node.id)) continue
      const log = node.broker?.logs.find(
        topicId as Parameters<NonNullable<typeof node.broker>['logs']['find']>[0],
        partition as Parameters<NonNullable<typeof node.broker>['logs']['find']>[1],
      )
      ensure(log != null, () => `broker ${node.id} has no log of ${topic}/${partition}`)
      contents.push(await everything(log))
    }
    const [first] = contents
    ensure(
      first !== undefined && contents.every((bytes) => bytes.equals(first)),
      () => `the replicas of ${topic}/${partition} differ`,
    )
  }
}

async function everything(log: Log): Promise<Buffer> {
  const chunks: Buffer[] = []
  let offset = log.logStartOffset
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

import { systemClock, wait } from '@courant/kernel'
import type { ChaosCluster } from '../cluster/chaos-cluster.ts'
import { targetText } from '../faults/fault.ts'
import type { Violation } from '../history/history.ts'
import { unhealthyLogs } from '../load/topics.ts'

/** After the last heal everybody leads and is in sync again within this. */
const HEALTHY_MS_MAX = 120_000
/** Who has crashed may do so again at each start. */
const HEALTHY_AFTER_CRASH_MS_MAX = 15_000
const POLL_MS = 100

export interface Health {
  /** How long it took. */
  readonly healthyMs: number
  /** What is still wrong, when it took too long. */
  readonly violations: readonly Violation[]
}

export async function awaitHealth(cluster: ChaosCluster): Promise<Health> {
  const begin = systemClock.monotonicMs()
  const longestMs = cluster.crashes.length > 0 ? HEALTHY_AFTER_CRASH_MS_MAX : HEALTHY_MS_MAX
  for (;;) {
    const problems = await problemsOf(cluster)
    const healthyMs = systemClock.monotonicMs() - begin
    if (problems.length === 0) return { healthyMs, violations: [] }
    if (healthyMs > longestMs) {
      return { healthyMs, violations: problems.map((text) => ({ checker: 'liveness', text })) }
    }
    await wait(systemClock, POLL_MS)
  }
}

async function problemsOf(cluster: ChaosCluster): Promise<readonly string[]> {
  const members = await cluster.status()
  const waiting = members.filter(({ state }) => state !== 'ready')
  if (waiting.length > 0) return waiting.map((member) => `${targetText(member)} is ${member.state}`)
  return await unhealthyLogs(cluster.gateways).catch((error: Error) => [String(error)])
}

import { BusError, type Clock, wait } from '@courant/kernel'
import type { Logger } from '@courant/service-kit'
import type { Cluster } from '../cluster.ts'
import { setOperatorKey } from './operator-key.ts'

export interface OperatorKeyParts {
  readonly cluster: Cluster
  readonly clock: Clock
  readonly log: Logger
}

const PAUSE_MS = 200

/**
 * Sets the configured key. On a database that has just started nothing is decided before the
 * brokers were heard, which needs a control plane that serves: false then, and `keepTrying` goes
 * on.
 */
export async function makeOperatorKeyKnown(cluster: Cluster, key: string): Promise<boolean> {
  try {
    await setOperatorKey(cluster, key)
    return true
  } catch (error) {
    if (!BusError.from(error).facts.retriable) throw error
    return false
  }
}

/** Until the key is set or `stopping` aborts. Never rejects. */
export async function keepTrying(
  { cluster, clock, log }: OperatorKeyParts,
  key: string,
  stopping: AbortSignal,
): Promise<void> {
  while (!stopping.aborted) {
    await wait(clock, PAUSE_MS, stopping)
    try {
      if (await makeOperatorKeyKnown(cluster, key)) return
    } catch (err) {
      log.error({ err }, "the operator's key cannot be set")
      return
    }
  }
}

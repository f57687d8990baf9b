import type { Clock, Timer } from '@courant/kernel'
import { PauseWatch } from '@courant/replication'
import type { PartitionRegistry } from '../partition/partition-registry.ts'
import type { DamagedReplicas } from './damaged-replicas.ts'
import type { IsrAlterations } from './isr-alterations.ts'

const INTERVAL_MS = 500

export interface ReplicaWatchParts {
  readonly clock: Clock
  readonly partitions: PartitionRegistry
  readonly alterations: IsrAlterations
  readonly damaged: DamagedReplicas
}

/**
 * Looks twice a second at what time brings about: lagging followers, log starts, damage, replicas
 * that have moved away.
 */
export class ReplicaWatch {
  readonly #parts: ReplicaWatchParts
  readonly #pauses = new PauseWatch(INTERVAL_MS)
  #timer: Timer | null = null
  #state: 'new' | 'running' | 'stopped' = 'new'

  constructor(parts: ReplicaWatchParts) {
    this.#parts = parts
  }

  start(): void {
    this.#state = 'running'
    this.#schedule()
  }

  stop(): void {
    this.#state = 'stopped'
    this.#timer?.cancel()
  }

  #schedule(): void {
    if (this.#state !== 'running') return
    this.#timer = this.#parts.clock.setTimer(INTERVAL_MS, () => {
      this.#look()
      this.#schedule()
    })
  }

  #look(): void {
    const { clock, partitions, alterations, damaged } = this.#parts
    const nowMs = clock.monotonicMs()
    const wasPaused = this.#pauses.tick(nowMs)
    for (const partition of partitions.all()) {
      damaged.look(partition)
      const { leadership } = partition
      if (leadership === null || !leadership.hasFollowers) continue
      if (wasPaused) leadership.replicas.forgiveLag(nowMs)
      partition.tellLogStart()
      if (!leadership.replicas.isQuiet) alterations.consider(partition)
    }
    partitions.deleteRemoved()
  }
}

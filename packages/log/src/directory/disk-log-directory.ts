import {
  BusError,
  type Clock,
  type PartitionIndex,
  type Timer,
  type TopicId,
} from '@courant/kernel'
import type { CheckpointLog, DirectoryFacts } from '../checkpoint/checkpoint-log.ts'
import type { Checkpointer } from '../checkpoint/checkpointer.ts'
import type { FileCache } from '../disk/file-cache.ts'
import type { LogDirectory, LogDirectoryMetrics } from '../log-directory.ts'
import { DiskPartitionLog, type LogContext } from '../partition/disk-partition-log.ts'
import { emptyCheckpoint } from '../partition/log-state.ts'
import { planRetention } from '../partition/retention.ts'
import type { TailCache } from '../partition/tail-cache.ts'
import type { LogConfig, PartitionLog } from '../partition-log.ts'
import type { Ring } from '../ring/ring.ts'
import { partitionDirectory } from '../segment/segment.ts'
import type { StorageLock } from '../storage.ts'
import type { DiskAdmission } from './disk-admission.ts'
import type { Erasure } from './erasure.ts'
import { Scrubber } from './scrubber.ts'

export interface DirectoryParts {
  readonly clock: Clock
  readonly lock: StorageLock
  readonly ring: Ring
  readonly checkpoints: CheckpointLog
  readonly checkpointer: Checkpointer
  readonly admission: DiskAdmission
  readonly erasure: Erasure
  readonly files: FileCache
  readonly tailCache: TailCache
  readonly onOffline: (cause: Error) => void
}

/** Retention and rolls by age are seldom due; the disk's free space is looked at as often. */
const SWEEP_MS = 10_000
/**
 * What is in the ring alone for so long is checkpointed though there is room: retention knows files
 * only, and a quiet partition must not hold its memory for ever.
 */
const PENDING_MS = 300_000

/** The state of an open data directory. */
export class DiskLogDirectory implements LogDirectory {
  readonly #parts: DirectoryParts
  readonly #logs = new Map<string, DiskPartitionLog>()
  readonly #creating = new Map<string, Promise<PartitionLog>>()
  readonly #context: LogContext
  readonly #scrubber: Scrubber
  #nextIncarnation = 1
  #timer: Timer | null = null
  #state: 'online' | 'offline' | 'closed' = 'online'
  #appends = 0
  #appendedBytes = 0
  #fileReads = 0
  #closing: Promise<void> | null = null
  #hasFailed = false
  /** What was durable a while ago, and when that was. */
  #pendingMark = { cycle: 0, atMs: 0 }

  constructor(parts: DirectoryParts, context: LogContext) {
    this.#parts = parts
    this.#context = context
    this.#scrubber = new Scrubber(() => this.#logs.values(), SWEEP_MS)
  }

  /** What every checkpoint says of the directory. */
  get facts(): DirectoryFacts {
    const { dueMs } = this.#parts.erasure
    return { nextIncarnation: this.#nextIncarnation, eraseDueMs: dueMs }
  }

  /** Takes over what recovery found. */
  begin(logs: Iterable<DiskPartitionLog>, nextIncarnation: number): void {
    for (const log of logs) this.#logs.set(keyOf(log.topicId, log.partition), log)
    this.#nextIncarnation = nextIncarnation
    this.#setTimer()
  }

  find(topicId: TopicId, partition: PartitionIndex): PartitionLog | null {
    return this.#logs.get(keyOf(topicId, partition)) ?? null
  }

  partitions(): Iterable<PartitionLog> {
    return this.#logs.values()
  }

  async create(
    topicId: TopicId,
    partition: PartitionIndex,
    config: LogConfig,
  ): Promise<PartitionLog> {
    const key = keyOf(topicId, partition)
    const creating = this.#creating.get(key) ?? this.#logs.get(key)
    if (creating !== undefined) return await creating
    const promise = this.#create(topicId, partition, config)
    this.#creating.set(key, promise)
    try {
      return await promise
    } finally {
      this.#creating.delete(key)
    }
  }

  async delete(topicId: TopicId, partition: PartitionIndex): Promise<void> {
    const key = keyOf(topicId, partition)
    await this.#creating.get(key)
    const log = this.#logs.get(key)
    if (log === undefined) return
    const deletion = log.delete()
    this.#logs.delete(key)
    await deletion
    this.#parts.erasure.request()
  }

  async checkpoint(): Promise<void> {
    await this.#parts.ring.drain()
    await this.#parts.checkpointer.checkpointAll()
  }

  noteFileRead(): void {
    this.#fileReads += 1
  }

  /** Called for every append. */
  admit(bytes: number): void {
    if (this.#state === 'closed') {
      throw new BusError('SHUTTING_DOWN', 'The data directory is closed.')
    }
    this.#parts.admission.admit(bytes)
    this.#appends += 1
    this.#appendedBytes += bytes
  }

  /** A disk error, be it while closing: nothing is written from here on, and nothing retried. */
  fail(error: unknown): void {
    if (this.#hasFailed) return
    this.#hasFailed = true
    if (this.#state === 'online') this.#state = 'offline'
    const cause = error instanceof Error ? error : new Error(String(error))
    this.#timer?.cancel()
    this.#parts.ring.abandon(cause)
    void this.#parts.checkpointer.stop()
    void this.#scrubber.stop()
    this.#parts.onOffline(cause)
  }

  metrics(): LogDirectoryMetrics {
    const { ring, checkpointer, tailCache, files, admission } = this.#parts
    const written = ring.statistics
    const saved = checkpointer.statistics
    const logs = [...this.#logs.values()]
    return {
      partitions: logs.length,
      appends: this.#appends,
      appendedBytes: this.#appendedBytes,
      fileReads: this.#fileReads,
      ringBytes: ring.capacityBytes,
      ringUsedBytes: ring.usedBytes,
      ringQueuedBytes: written.queuedBytes,
      ringCycles: written.syncs,
      ringWrittenBytes: written.bytesWritten,
      dirtyPartitions: saved.dirty,
      checkpointLagCycles: ring.durableCycle + 1 - ring.tailCycle,
      checkpointRounds: saved.rounds,
      checkpointedPartitions: saved.partitions,
      checkpointedBytes: saved.bytes,
      tailCacheBytes: tailCache.bytes,
      openFiles: files.count,
      freeBytes: admission.freeBytes,
      corruptPartitions: logs.filter((log) => log.isCorrupt).length,
      state: this.#state,
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const wasOnline = this.#state === 'online'
    this.#state = 'closed'
    this.#timer?.cancel()
    const { ring, checkpointer, checkpoints, files, lock } = this.#parts
    await this.#scrubber.stop()
    if (wasOnline) await this.checkpoint()
    await checkpointer.stop()
    await ring.close()
    await checkpoints.close()
    await files.close()
    await lock.release()
  }

  async #create(
    topicId: TopicId,
    partition: PartitionIndex,
    config: LogConfig,
  ): Promise<PartitionLog> {
    const incarnation = this.#nextIncarnation
    this.#nextIncarnation += 1
    const directory = partitionDirectory(topicId, partition, incarnation)
    const checkpoint = emptyCheckpoint({ incarnation, topicId, partition }, 0)
    const log = new DiskPartitionLog(this.#context, directory, checkpoint)
    log.configure(config)
    await log.create()
    this.#logs.set(keyOf(topicId, partition), log)
    return log
  }

  #setTimer(): void {
    this.#timer = this.#parts.clock.setTimer(SWEEP_MS, () => {
      void this.#sweep().finally(() => {
        if (this.#state === 'online') this.#setTimer()
      })
    })
  }

  /** What the passing of time asks for, over all partitions: none of them has a timer. */
  async #sweep(): Promise<void> {
    await this.#parts.admission.look()
    this.#context.memory.trim()
    for (const log of [...this.#logs.values()]) {
      if (this.#state !== 'online') return
      log.rollByAge(this.#parts.clock.now())
      await this.#retain(log)
    }
    this.#checkpointLongPending()
    this.#scrubber.sweep()
    const { erasure, ring, checkpointer } = this.#parts
    await erasure.runWhenDue(async () => {
      await this.checkpoint()
      await checkpointer.renewLog()
      await ring.eraseFree()
    })
  }

  #checkpointLongPending(): void {
    const { clock, ring, checkpointer } = this.#parts
    const now = clock.monotonicMs()
    if (now - this.#pendingMark.atMs < PENDING_MS) return
    checkpointer.want(this.#pendingMark.cycle)
    this.#pendingMark = { cycle: ring.durableCycle, atMs: now }
  }

  async #retain(log: DiskPartitionLog): Promise<void> {
    const { files, config } = log
    if (files.sealed.length === 0) return
    const logStart = planRetention({
      sealed: files.sealed,
      sealedEnd: files.active?.baseOffset ?? files.fileEnd,
      activeBytes: log.sizeBytes - files.sealed.reduce((sum, { size }) => sum + size, 0),
      config,
      now: this.#parts.clock.now(),
      highWatermark: log.highWatermark,
    })
    if (logStart === null) return
    // Deleted or offline meanwhile: there is nothing left to retain.
    await log.advanceLogStart(logStart).catch(() => undefined)
  }
}

function keyOf(topicId: TopicId, partition: PartitionIndex): string {
  return `${topicId}-${partition}`
}

import { assert, topicSettings } from '@courant/kernel'
import {
  type CheckpointedDirectory,
  CheckpointLog,
  decodeRecords,
  readCheckpoints,
} from './checkpoint-log.ts'
import type { PartitionCheckpoint } from './checkpoint-record.ts'
import { Checkpointer } from './checkpointer.ts'
import { DiskAdmission } from './disk-admission.ts'
import { DiskLogDirectory } from './disk-log-directory.ts'
import { DiskPartitionLog, type LogContext } from './disk-partition-log.ts'
import { FileCache } from './file-cache.ts'
import { openExisting } from './file-io.ts'
import { IndexCache } from './index-cache.ts'
import {
  DirectoryInUseError,
  type LogDirectory,
  type LogDirectoryOptions,
} from './log-directory.ts'
import { Replay } from './replay.ts'
import { Ring } from './ring.ts'
import { beginRun, createRingFile, RING_FILE, readSuperblock } from './ring-file.ts'
import { RingFiller } from './ring-filler.ts'
import { REGION_START, type Superblock } from './ring-layout.ts'
import { RingPlaces } from './ring-places.ts'
import { RingCorruptError, RingReader } from './ring-reader.ts'
import { PARTITIONS_DIRECTORY, partitionDirectory } from './segment.ts'
import type { StorageFile, StorageLock } from './storage.ts'
import { TailCache } from './tail-cache.ts'

const MIB = 1024 * 1024

/**
 * Opens the data directory, made when it is new: locks it, reads the last checkpoint, replays the
 * ring. Throws DirectoryInUseError, or RingCorruptError when something that was synced is gone.
 */
export async function openLogDirectory(options: LogDirectoryOptions): Promise<LogDirectory> {
  const lock = await options.storage.lock()
  if (lock === null) {
    throw new DirectoryInUseError('Another process uses this data directory.')
  }
  try {
    return await openLocked(options, lock)
  } catch (error) {
    await lock.release()
    throw error
  }
}

async function openLocked(options: LogDirectoryOptions, lock: StorageLock): Promise<LogDirectory> {
  const { storage, clock, random, openFilesMax = 512, tailCacheBytes = 64 * MIB } = options
  const { file, superblock, checkpointed } = await openRing(options)
  const parts = new OpenedParts()
  const files = new FileCache(storage, openFilesMax)
  const tailCache = new TailCache(tailCacheBytes)
  const context = contextOf(parts, {
    storage,
    clock,
    files,
    tailCache,
    indexes: new IndexCache(files),
  })
  const recovered = await recover(context, file, superblock, checkpointed)
  const checkpoints = new CheckpointLog(storage, random, checkpointed.records)
  const nextIncarnation = Math.max(checkpointed.nextIncarnation, recovered.incarnationMax + 1)
  await storage.makeDirectory(PARTITIONS_DIRECTORY)
  await storage.syncDirectory('')
  // Before the run begins: a ring that has had a run without a checkpoint log is a damaged one.
  await checkpoints.append({ tail: checkpointed.tail, nextIncarnation, states: [], deleted: [] })
  const ring = new Ring({
    file,
    superblock: await beginRun(file, superblock),
    filler: await startFiller(file, superblock.ringBytes),
    places: recovered.places,
    onFailure: (error) => context.fail(error),
    onProgress: () => parts.checkpointer.poke(),
  })
  parts.ring = ring
  parts.checkpointer = new Checkpointer({
    ring,
    checkpoints,
    inFlightMax: options.checkpointsInFlightMax ?? 4,
    nextIncarnation: () => parts.directory.nextIncarnation,
    fail: (error) => context.fail(error),
    dirty: recovered.dirty,
  })
  const admission = new DiskAdmission(storage, freeBytesMin(options, superblock))
  parts.directory = new DiskLogDirectory(
    {
      clock,
      lock,
      ring,
      checkpoints,
      checkpointer: parts.checkpointer,
      admission,
      files,
      tailCache,
      onOffline: options.onOffline ?? (() => undefined),
    },
    context,
  )
  await admission.look()
  parts.directory.begin(recovered.logs, nextIncarnation)
  parts.checkpointer.poke()
  return parts.directory
}

/** Parts that need each other: set once, before the directory is handed out. */
class OpenedParts {
  #ring: Ring | null = null
  #checkpointer: Checkpointer | null = null
  #directory: DiskLogDirectory | null = null

  get ring(): Ring {
    assert(this.#ring !== null, 'the ring is open')
    return this.#ring
  }

  set ring(ring: Ring) {
    this.#ring = ring
  }

  get checkpointer(): Checkpointer {
    assert(this.#checkpointer !== null, 'the checkpointer is made')
    return this.#checkpointer
  }

  set checkpointer(checkpointer: Checkpointer) {
    this.#checkpointer = checkpointer
  }

  get directory(): DiskLogDirectory {
    assert(this.#directory !== null, 'the directory is made')
    return this.#directory
  }

  set directory(directory: DiskLogDirectory) {
    this.#directory = directory
  }
}

function contextOf(
  parts: OpenedParts,
  shared: Pick<LogContext, 'storage' | 'clock' | 'files' | 'indexes' | 'tailCache'>,
): LogContext {
  return {
    ...shared,
    get ring() {
      return parts.ring
    },
    admit: (bytes) => parts.directory.admit(bytes),
    markDirty: (log, cycle) => parts.checkpointer.markDirty(log, cycle),
    fail: (error) => parts.directory.fail(error),
  }
}

interface OpenRing {
  readonly file: StorageFile
  readonly superblock: Superblock
  readonly checkpointed: CheckpointedDirectory
}

/**
 * The ring and what the checkpoints say. A directory is new until its first checkpoint log has been
 * written, which is before the first run of the ring begins to write.
 */
async function openRing({ storage, ringBytes, random }: LogDirectoryOptions): Promise<OpenRing> {
  const checkpointed = await readCheckpoints(storage)
  let file = await openExisting(storage, RING_FILE)
  if (file === null) {
    if (checkpointed !== null) throw new RingCorruptError('The write-ahead ring is missing.')
    await createRingFile(storage, ringBytes, random)
    file = await storage.open(RING_FILE, 'write')
  }
  const superblock = await readSuperblock(file)
  if (checkpointed === null && superblock.run > 0) {
    throw new RingCorruptError('The checkpoint log is missing.')
  }
  const start = { cycle: 1, position: REGION_START }
  const empty = { tail: start, nextIncarnation: 1, records: new Map<number, Buffer>() }
  return { file, superblock, checkpointed: checkpointed ?? empty }
}

interface Recovered {
  readonly places: RingPlaces
  readonly logs: readonly DiskPartitionLog[]
  readonly dirty: Map<DiskPartitionLog, number>
  readonly incarnationMax: number
}

/** The logs as the checkpoints have them, and then as the ring does. */
async function recover(
  context: LogContext,
  file: StorageFile,
  superblock: Superblock,
  { tail, records }: CheckpointedDirectory,
): Promise<Recovered> {
  const open = (state: PartitionCheckpoint) =>
    new DiskPartitionLog(
      context,
      partitionDirectory(state.topicId, state.partition, state.incarnation),
      state,
    )
  const states = decodeRecords(records)
  const logs = new Map(states.map((state) => [state.incarnation, open(state)]))
  const dirty = new Map<DiskPartitionLog, number>()
  const replay = new Replay({ logs, dirty, open }, states)
  const places = new RingPlaces(superblock.ringBytes, tail)
  for await (const cycle of new RingReader(file, superblock, tail).cycles()) {
    places.add(cycle.position, cycle.bytesOnDisk)
    replay.apply(cycle)
  }
  replay.finish()
  for (const log of logs.values()) await log.finishReplay()
  const live = [...logs.values()].filter((log) => !log.isDeleted)
  return { places, logs: live, dirty, incarnationMax: replay.incarnationMax }
}

async function startFiller(file: StorageFile, ringBytes: number): Promise<RingFiller> {
  const filler = new RingFiller(file, await file.size(), ringBytes)
  filler.start()
  return filler
}

function freeBytesMin(options: LogDirectoryOptions, { ringBytes }: Superblock): number {
  return options.freeBytesMin ?? 2 * ringBytes + topicSettings.segmentBytes.max
}

import { assert, topicSettings } from '@courant/kernel'
import {
  type CheckpointedDirectory,
  CheckpointLog,
  decodeRecords,
  readCheckpoints,
} from '../checkpoint/checkpoint-log.ts'
import type { PartitionCheckpoint } from '../checkpoint/checkpoint-record.ts'
import { Checkpointer } from '../checkpoint/checkpointer.ts'
import { FileCache } from '../disk/file-cache.ts'
import { openExisting, writeFully } from '../disk/file-io.ts'
import {
  DirectoryInUseError,
  type LogDirectory,
  type LogDirectoryOptions,
} from '../log-directory.ts'
import { MemoryPool } from '../memory/memory-pool.ts'
import { DiskPartitionLog, type LogContext } from '../partition/disk-partition-log.ts'
import { TailCache } from '../partition/tail-cache.ts'
import { Ring } from '../ring/ring.ts'
import { RingCorruptError } from '../ring/ring-corrupt-error.ts'
import { beginRun, createRingFile, RING_FILE, readSuperblock } from '../ring/ring-file.ts'
import { RingFiller } from '../ring/ring-filler.ts'
import { REGION_START, type Superblock } from '../ring/ring-layout.ts'
import { RingPlaces } from '../ring/ring-places.ts'
import { type RecoveredCycle, RingReader } from '../ring/ring-reader.ts'
import { IndexCache } from '../segment/index-cache.ts'
import { PARTITIONS_DIRECTORY, partitionDirectory } from '../segment/segment.ts'
import type { StorageFile, StorageLock } from '../storage.ts'
import { DiskAdmission } from './disk-admission.ts'
import { DiskLogDirectory } from './disk-log-directory.ts'
import { Erasure } from './erasure.ts'
import { Replay } from './replay.ts'

const MIB = 1024 * 1024
/**
 * Syncs of small files wait for each other's journal commits anyway: eight at a time share them.
 * With four the ring fills when a thousand writers use thousands of partitions, and all wait.
 */
const CHECKPOINTS_IN_FLIGHT = 8

/**
 * Opens the data directory, made when it is new: locks it, reads the last checkpoint, replays the
 * ring. Throws DirectoryInUseError, or RingCorruptError when something that was synced is gone.
 */
export async function openLogDirectory(options: LogDirectoryOptions): Promise<LogDirectory> {
  const lock = await options.storage.lock()
  if (lock === null) {
    throw new DirectoryInUseError('Another process uses this data directory.')
  }
  const opened: { close(): Promise<void> }[] = [{ close: () => lock.release() }]
  try {
    return await openLocked(options, lock, opened)
  } catch (error) {
    for (const part of opened.reverse()) await part.close().catch(() => undefined)
    throw error
  }
}

/** What is opened on the way is noted in `opened`, to be closed when a later step fails. */
async function openLocked(
  options: LogDirectoryOptions,
  lock: StorageLock,
  opened: { close(): Promise<void> }[],
): Promise<LogDirectory> {
  const { storage, clock, random, openFilesMax = 512, tailCacheBytes = 64 * MIB } = options
  const { file, superblock, checkpointed } = await openRing(options, opened)
  const parts = new OpenedParts()
  const files = new FileCache(storage, openFilesMax)
  opened.push(files)
  const tailCache = new TailCache(tailCacheBytes)
  const indexes = new IndexCache(files)
  const memory = new MemoryPool(options.onMemoryReused)
  const context = contextOf(parts, { storage, clock, files, tailCache, indexes, memory })
  const recovered = await replayRing(context, file, superblock, checkpointed)
  const nextIncarnation = Math.max(checkpointed.nextIncarnation, recovered.incarnationMax + 1)
  const erasure = new Erasure(clock, checkpointed.eraseDueMs)
  if (recovered.hasDeleted) erasure.request()
  await storage.makeDirectory(PARTITIONS_DIRECTORY)
  await storage.syncDirectory('')
  // Before the run begins: a ring that has had a run without a checkpoint log is a damaged one.
  const checkpoints = new CheckpointLog(storage, random, checkpointed.records)
  opened.push(checkpoints)
  const facts = { nextIncarnation, eraseDueMs: erasure.dueMs }
  await checkpoints.append({ ...facts, tail: checkpointed.tail, states: [], deleted: [] })
  const begun = await beginRun(file, superblock)
  // Only now: what the files lose here, they lose by entries that are on the disk for certain.
  for (const log of recovered.logs) await log.finishReplay()
  const admission = new DiskAdmission(storage, freeBytesMin(options, superblock))
  await admission.look()
  const ring = new Ring({
    file,
    superblock: begun,
    filler: await startFiller(file, superblock.ringBytes),
    places: recovered.places,
    memory,
    onFailure: (error) => context.fail(error),
    onProgress: () => parts.checkpointer.poke(),
  })
  parts.ring = ring
  const checkpointer = new Checkpointer({
    ring,
    checkpoints,
    inFlightMax: options.checkpointsInFlightMax ?? CHECKPOINTS_IN_FLIGHT,
    facts: () => parts.directory.facts,
    fail: (error) => context.fail(error),
    dirty: recovered.dirty,
  })
  parts.checkpointer = checkpointer
  const onOffline = options.onOffline ?? (() => undefined)
  parts.directory = new DiskLogDirectory(
    {
      clock,
      lock,
      ring,
      checkpoints,
      checkpointer,
      admission,
      erasure,
      files,
      tailCache,
      onOffline,
    },
    context,
  )
  parts.directory.begin(recovered.logs, nextIncarnation)
  checkpointer.poke()
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
  shared: Pick<LogContext, 'storage' | 'clock' | 'files' | 'indexes' | 'tailCache' | 'memory'>,
): LogContext {
  return {
    ...shared,
    get ring() {
      return parts.ring
    },
    admit: (bytes) => parts.directory.admit(bytes),
    markDirty: (log, cycle) => parts.checkpointer.markDirty(log, cycle),
    noteFileRead: () => parts.directory.noteFileRead(),
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
async function openRing(
  { storage, ringBytes, random }: LogDirectoryOptions,
  opened: { close(): Promise<void> }[],
): Promise<OpenRing> {
  const checkpointed = await readCheckpoints(storage)
  let file = await openExisting(storage, RING_FILE)
  if (file === null) {
    if (checkpointed !== null) throw new RingCorruptError('The write-ahead ring is missing.')
    await createRingFile(storage, ringBytes, random)
    file = await storage.open(RING_FILE, 'write')
  }
  opened.push(file)
  const superblock = await readSuperblock(file)
  if (checkpointed === null && superblock.run > 0) {
    throw new RingCorruptError('The checkpoint log is missing.')
  }
  const tail = { cycle: 1, position: REGION_START }
  const empty = { tail, nextIncarnation: 1, eraseDueMs: 0, records: new Map() }
  return { file, superblock, checkpointed: checkpointed ?? empty }
}

interface Recovered {
  readonly places: RingPlaces
  /** Those that exist; their files may still be what they were before the ring. */
  readonly logs: readonly DiskPartitionLog[]
  /** From which cycle each log needs the ring, deleted ones too, the longest waiting first. */
  readonly dirty: Map<DiskPartitionLog, number>
  readonly incarnationMax: number
  readonly hasDeleted: boolean
}

/**
 * The logs as the checkpoints have them, and then as the ring does. The newest cycle is written
 * again where it lies: after a failed sync the kernel shows pages as clean that never reached the
 * disk, and only a new write makes the sync that follows mean them. No other cycle can be in that
 * state, for the next one was written only when a sync of it had returned.
 */
async function replayRing(
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
  let newest: RecoveredCycle | null = null
  for await (const cycle of new RingReader(file, superblock, tail).cycles()) {
    places.add(cycle.position, cycle.bytesOnDisk)
    replay.apply(cycle)
    newest = cycle
  }
  replay.finish()
  if (newest !== null) await writeFully(file, [newest.bytes], newest.position)
  const live = [...logs.values()].filter((log) => log.state.status !== 'deleted')
  const { incarnationMax, hasDeleted } = replay
  return { places, logs: live, dirty, incarnationMax, hasDeleted }
}

async function startFiller(file: StorageFile, ringBytes: number): Promise<RingFiller> {
  const filler = new RingFiller(file, await file.size(), ringBytes)
  filler.start()
  return filler
}

function freeBytesMin(options: LogDirectoryOptions, { ringBytes }: Superblock): number {
  return options.freeBytesMin ?? 2 * ringBytes + topicSettings.segmentBytes.max
}

import { BusError, type Offset } from '@courant/kernel'
import type { FileCache } from '../disk/file-cache.ts'
import { readFully, writeFully } from '../disk/file-io.ts'
import { INDEX_ENTRY_BYTES, type Indexed, nextIndexEntry, SegmentIndex } from './segment-index.ts'
import { type ScannedSegment, scanSegment } from './segment-scan.ts'

/** A segment whose index is wanted. */
export interface IndexedSegment extends ScannedSegment {
  readonly indexPath: string
  readonly baseOffset: Offset
  readonly indexEntries: number
  /** No batch of the segment has a later one. */
  readonly maxTimestamp: number
}

const INDEXES_MAX = 64

/**
 * Indexes of the segments that were read last; all others cost no memory. The entry count is part
 * of the key: when the active segment's index grows, what is here of it is no longer found.
 */
export class IndexCache {
  readonly #files: FileCache
  readonly #indexes = new Map<string, SegmentIndex>()

  constructor(files: FileCache) {
    this.#files = files
  }

  async get(segment: IndexedSegment): Promise<SegmentIndex> {
    const key = keyOf(segment)
    const known = this.#indexes.get(key)
    if (known !== undefined) {
      this.#indexes.delete(key)
      this.#indexes.set(key, known)
      return known
    }
    const loaded = await this.#load(segment)
    if (!loaded.isSound(segment.size)) return await this.rebuild(segment)
    this.#put(key, loaded)
    return loaded
  }

  /** Must be called when a segment is cut: what grows there next has another index. */
  forget(path: string): void {
    for (const key of this.#indexes.keys()) {
      if (key.startsWith(`${path}#`)) this.#indexes.delete(key)
    }
  }

  /** Makes an index anew that led astray. It ends where the segment is damaged. */
  async rebuild(segment: IndexedSegment): Promise<SegmentIndex> {
    const entries: Buffer[] = []
    const indexed: Indexed & { maxTimestamp: number } = {
      baseOffset: segment.baseOffset,
      maxTimestamp: -1,
      indexEntries: 0,
      indexedTo: 0,
    }
    const start = { offset: segment.baseOffset, position: 0, headerCrc: null }
    try {
      await this.#files.use(segment.path, 'write', (file) =>
        scanSegment(file, segment, start, (batch, position) => {
          // Damaged: the checksum of a whole batch is not looked at here.
          if (batch.maxTimestamp > segment.maxTimestamp) return 'stop'
          const entry = nextIndexEntry(indexed, batch, position)
          if (entry !== null) entries.push(entry)
          indexed.maxTimestamp = Math.max(indexed.maxTimestamp, batch.maxTimestamp)
          return 'go-on'
        }),
      )
    } catch (error) {
      if (!(error instanceof BusError)) throw error
    }
    const index = new SegmentIndex(segment.baseOffset, Buffer.concat(entries))
    // Only a whole one: the writer appends behind as many entries as it knows of.
    if (index.count === segment.indexEntries) {
      await this.#files.use(segment.indexPath, 'create', (file) => writeFully(file, entries, 0))
    }
    this.#put(keyOf(segment), index)
    return index
  }

  async #load(segment: IndexedSegment): Promise<SegmentIndex> {
    const entries = Buffer.alloc(segment.indexEntries * INDEX_ENTRY_BYTES)
    if (entries.length > 0) {
      // Missing bytes stay zero, which is not sound.
      await this.#files.use(segment.indexPath, 'create', (file) => readFully(file, entries, 0))
    }
    return new SegmentIndex(segment.baseOffset, entries)
  }

  #put(key: string, index: SegmentIndex): void {
    this.#indexes.set(key, index)
    for (const oldest of this.#indexes.keys()) {
      if (this.#indexes.size <= INDEXES_MAX) return
      this.#indexes.delete(oldest)
    }
  }
}

function keyOf(segment: IndexedSegment): string {
  return `${segment.path}#${segment.indexEntries}`
}

/**
 * The disk port: what the engine asks of a file system, as small calls of plain data. Paths are
 * relative to the data directory, with `/` between names. `node-storage.ts` is the production
 * adapter; the simulator has one that loses what was not synced.
 *
 * What may be relied upon after a power cut: bytes of a file before a `sync` of it that returned;
 * names (created, renamed, removed) before a `syncDirectory` of their directory that returned. The
 * sectors of an unsynced write may be on the disk in any combination.
 */
export interface Storage {
  /** Opens a file; `create` makes it when missing. Its directory must exist. */
  open(path: string, mode: OpenMode): Promise<StorageFile>
  /** Names in a directory, in no order; none when the directory does not exist. */
  list(directory: string): Promise<string[]>
  /** Makes a directory and those above it. One that exists is fine. */
  makeDirectory(path: string): Promise<void>
  /** Replaces `to` when it exists, atomically. */
  rename(from: string, to: string): Promise<void>
  /** Removes a file. One that is missing is fine. */
  remove(path: string): Promise<void>
  /** Removes a directory with everything below it. One that is missing is fine. */
  removeDirectory(path: string): Promise<void>
  /** Makes the names in a directory survive a power cut. One that is missing has none. */
  syncDirectory(path: string): Promise<void>
  /** Bytes that we may still write. */
  freeBytes(): Promise<number>
  /**
   * Holds the data directory for this process until `release`, or until the process dies, by a lock
   * of the operating system. Null when another process holds it.
   */
  lock(): Promise<StorageLock | null>
}

/** `read` and `write` need the file to exist; a missing one is a StorageMissingError. */
export type OpenMode = 'read' | 'write' | 'create'

export interface StorageFile {
  /** Bytes read into `into`; fewer than its length only at the end of the file. */
  read(into: Buffer, position: number): Promise<number>
  /** Bytes written, which may be fewer than given: use `writeFully`. */
  write(chunks: readonly Buffer[], position: number): Promise<number>
  truncate(size: number): Promise<void>
  /** Makes what was written survive a power cut (fdatasync). Never retried after a failure. */
  sync(): Promise<void>
  size(): Promise<number>
  close(): Promise<void>
}

export interface StorageLock {
  release(): Promise<void>
}

/** The file or directory does not exist. Everything else that fails takes the directory offline. */
export class StorageMissingError extends Error {
  override readonly name = 'StorageMissingError'
}

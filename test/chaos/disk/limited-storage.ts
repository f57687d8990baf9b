import { existsSync } from 'node:fs'
import type { Storage, StorageFile } from '@courant/log'

/** A disk that is full as long as the file at `mark` exists: what is written fails as it would. */
export function limitedStorage(disk: Storage, mark: string): Storage {
  const limited = (file: StorageFile): StorageFile => ({
    read: (into, position) => file.read(into, position),
    async write(chunks, position) {
      const end = chunks.reduce((sum, { length }) => sum + length, position)
      // What a file has already can be written again on a full disk.
      if (existsSync(mark) && end > (await file.size())) throw noSpace()
      return await file.write(chunks, position)
    },
    truncate: (size) => file.truncate(size),
    sync: () => file.sync(),
    size: () => file.size(),
    close: () => file.close(),
  })
  return {
    open: async (path, mode) => limited(await disk.open(path, mode)),
    list: (directory) => disk.list(directory),
    makeDirectory: (path) => disk.makeDirectory(path),
    rename: (from, to) => disk.rename(from, to),
    remove: (path) => disk.remove(path),
    removeDirectory: (path) => disk.removeDirectory(path),
    syncDirectory: (path) => disk.syncDirectory(path),
    freeBytes: async () => (existsSync(mark) ? 0 : await disk.freeBytes()),
    lock: () => disk.lock(),
  }
}

function noSpace(): Error {
  return Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
}

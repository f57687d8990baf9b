import { assert } from '@courant/kernel'
import { type Storage, type StorageFile, StorageMissingError } from '../storage.ts'

/** Writes all chunks from `position`, however little each call takes. */
export async function writeFully(
  file: StorageFile,
  chunks: readonly Buffer[],
  position: number,
): Promise<void> {
  let rest = chunks.filter((chunk) => chunk.length > 0)
  let at = position
  while (rest.length > 0) {
    const written = await file.write(rest, at)
    assert(written > 0, 'a write that makes no progress')
    at += written
    rest = dropBytes(rest, written)
  }
}

/** Reads until `into` is full or the file ends. Returns the bytes read. */
export async function readFully(
  file: StorageFile,
  into: Buffer,
  position: number,
): Promise<number> {
  let filled = 0
  while (filled < into.length) {
    const count = await file.read(into.subarray(filled), position + filled)
    if (count === 0) break
    filled += count
  }
  return filled
}

/** The whole file, or null when there is none. For small files only. */
export async function readFile(storage: Storage, path: string): Promise<Buffer | null> {
  const file = await openExisting(storage, path)
  if (file === null) return null
  try {
    const content = Buffer.alloc(await file.size())
    return content.subarray(0, await readFully(file, content, 0))
  } finally {
    await file.close()
  }
}

/**
 * Replaces a file so that after a crash it is the old or the new one, whole: a temporary file is
 * written and synced before it takes the name, and the name is synced before this returns.
 */
export async function replaceFile(
  storage: Storage,
  directory: string,
  name: string,
  content: readonly Buffer[],
): Promise<void> {
  const temporary = joinPath(directory, `${name}.tmp`)
  const file = await storage.open(temporary, 'create')
  try {
    await file.truncate(0)
    await writeFully(file, content, 0)
    await file.sync()
  } finally {
    await file.close()
  }
  await storage.rename(temporary, joinPath(directory, name))
  await storage.syncDirectory(directory)
}

export async function openExisting(storage: Storage, path: string): Promise<StorageFile | null> {
  try {
    return await storage.open(path, 'write')
  } catch (error) {
    if (error instanceof StorageMissingError) return null
    throw error
  }
}

/** `''` is the data directory itself. */
function joinPath(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`
}

function dropBytes(chunks: readonly Buffer[], count: number): Buffer[] {
  let left = count
  const rest: Buffer[] = []
  for (const chunk of chunks) {
    if (left >= chunk.length) left -= chunk.length
    else {
      rest.push(left === 0 ? chunk : chunk.subarray(left))
      left = 0
    }
  }
  return rest
}

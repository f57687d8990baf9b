/** Limit: write and fdatasync of the same bytes to a growing file, one after the other. */
import { rmSync } from 'node:fs'
import { PositionedFile } from './positioned-file.ts'

export interface RawAppend {
  readonly path: string
  /** Written together before each sync. */
  readonly bytesPerSync: number
  readonly totalBytes: number
}

/** Bytes a second. */
export async function run({ path, bytesPerSync, totalBytes }: RawAppend): Promise<number> {
  const bytes = Buffer.alloc(bytesPerSync, 'x')
  const file = new PositionedFile(path)
  const started = performance.now()
  for (let at = 0; at < totalBytes; at += bytes.length) {
    await file.write(bytes, at)
    await file.sync()
  }
  const seconds = (performance.now() - started) / 1000
  file.close()
  rmSync(path)
  return totalBytes / seconds
}

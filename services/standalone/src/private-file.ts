import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Whole or not at all, also after a power cut; for this user's eyes only. */
export async function writePrivateFile(path: string, content: unknown): Promise<void> {
  const draft = `${path}.new`
  await rm(draft, { force: true })
  const file = await open(draft, 'wx', 0o600)
  try {
    await file.writeFile(`${JSON.stringify(content, null, 2)}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(draft, path)
  if (process.platform === 'win32') return
  const parent = await open(dirname(path))
  await parent.sync().finally(() => parent.close())
}

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** A file that is made from the code and committed, so that readers need not run anything. */
export interface GeneratedFile {
  /** From the root of the repository. */
  readonly path: string
  readonly text: string
}

/** Writes the files that differ; their paths. */
export function writeFiles(root: string, files: readonly GeneratedFile[]): string[] {
  const stale = staleFiles(root, files)
  for (const { path, text } of files) {
    if (!stale.includes(path)) continue
    mkdirSync(dirname(`${root}/${path}`), { recursive: true })
    writeFileSync(`${root}/${path}`, text)
  }
  return stale
}

/** Paths of the files that are missing or differ. Touches nothing. */
export function staleFiles(root: string, files: readonly GeneratedFile[]): string[] {
  return files
    .filter(({ path, text }) => contentOf(`${root}/${path}`) !== text)
    .map(({ path }) => path)
}

function contentOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

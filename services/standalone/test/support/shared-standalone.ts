/** One standalone for all test files that only talk to it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { type Credentials, StandaloneProcess } from './standalone-process.ts'

declare module 'vitest' {
  interface ProvidedContext {
    standalone: Credentials
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const home = await mkdtemp(join(tmpdir(), 'courant-standalone-'))
  const standalone = new StandaloneProcess(join(home, 'data'))
  project.provide('standalone', await standalone.ready())
  return async () => {
    await standalone.stop()
    await rm(home, { recursive: true, force: true })
  }
}

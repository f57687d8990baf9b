/**
 * Goal: what is published of the client works outside of the repository, as plain JavaScript, and
 * everything that its page says can be typed in.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Child } from './support/child.ts'
import { compile, installPackedClient, programOf } from './support/packed-client.ts'
import { cleanEnvironment } from './support/repository.ts'
import { readCredentials } from './support/standalone.ts'
import { StandaloneProcess } from './support/standalone-process.ts'

let standalone: StandaloneProcess
let folder: string
beforeAll(async () => {
  standalone = await StandaloneProcess.start()
  folder = await mkdtemp(join(tmpdir(), 'courant-client-'))
  await installPackedClient(folder)
})
afterAll(async () => {
  await standalone.stop()
  await rm(folder, { recursive: true, force: true })
})

test('every block of docs/client.md compiles against the package, and runs to its end', async () => {
  await writeFile(join(folder, 'page.ts'), await programOf('docs/client.md'))
  const compiled = await compile(folder, 'page.ts')
  expect(compiled.status, compiled.stdout).toBe(0)
  const { url, apiKey } = await readCredentials(standalone.dataDirectory)
  const env = { ...cleanEnvironment(), COURANT_URL: url, COURANT_API_KEY: apiKey }
  const page = new Child([process.execPath, 'page.js'], { env, cwd: folder })
  await page.printed('billed cust-8')
  await page.end('SIGTERM')
  for (const expected of [
    /the first is at \d+\/0\n/,
    /mailed cust-/,
    /audited cust-/,
    /read cust-9 of /,
    /message 0: RECORD_TOO_LARGE, it is not written\n/,
    /3 partitions\n$/,
  ]) {
    expect(page.output).toMatch(expected)
  }
})

/**
 * Goal: a start that cannot succeed says in words what to change, and spoils nothing.
 * Method: the process itself. Part of `npm run test:e2e`: each case is a start of its own.
 */
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { StandaloneProcess } from './support/standalone-process.ts'

let home: string

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'courant-failing-start-'))
})

afterAll(async () => {
  await rm(home, { recursive: true, force: true })
})

describe('a start that cannot succeed', () => {
  it('names every bad value and what would be a good one', async () => {
    const standalone = new StandaloneProcess(join(home, 'never'), {
      COURANT_HTTP_PORT: 'eighty',
      COURANT_RING_BYTES: '12',
      DATABASE_URL: 'mysql://secret@host/db',
    })
    expect(await standalone.ended).toBe(2)
    expect(standalone.output).toContain('COURANT_HTTP_PORT is "eighty", but must be a port')
    expect(standalone.output).toContain('COURANT_RING_BYTES is "12", but must be a whole number')
    expect(standalone.output).toContain('DATABASE_URL is a value that is not shown')
    await expect(stat(join(home, 'never'))).rejects.toThrow(/ENOENT/)
  })

  it('says which port is taken and which variable to set', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0
    const standalone = new StandaloneProcess(join(home, 'taken'), {
      COURANT_HTTP_PORT: String(port),
    })
    expect(await standalone.ended).toBe(1)
    expect(standalone.output).toContain(`Port ${port} (COURANT_HTTP_PORT) is in use`)
    server.close()
  })

  it('names a directory that cannot be used, and credentials that are not ours', async () => {
    const file = join(home, 'a-file')
    await writeFile(file, '')
    const onFile = new StandaloneProcess(join(file, 'data'))
    expect(await onFile.ended).toBe(1)
    expect(onFile.output).toContain('(COURANT_DATA_DIR) cannot be used')
    const damaged = join(home, 'damaged')
    await mkdir(damaged)
    await writeFile(join(damaged, 'credentials.json'), '{"url":')
    const onDamaged = new StandaloneProcess(damaged)
    expect(await onDamaged.ended).toBe(1)
    expect(onDamaged.output).toContain('credentials.json does not hold url, tenant')
    expect(await readFile(join(damaged, 'credentials.json'), 'utf8')).toBe('{"url":')
  })
})

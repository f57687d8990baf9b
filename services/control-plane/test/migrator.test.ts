/**
 * Goal: however many control planes start at once, each migration runs once, and nothing but the
 * reviewed text of a migration ever runs.
 */
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MIGRATIONS_DIRECTORY, migrate } from '../src/migrations/migrator.ts'
import { cleanUp, connect, databases, start } from './fixture.ts'

let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'courant-migrations-'))
  await cp(MIGRATIONS_DIRECTORY, directory, { recursive: true })
})
afterEach(async () => {
  await cleanUp()
  await rm(directory, { recursive: true })
})

describe('the migrator', () => {
  it('runs each migration once when several processes start at the same moment', async () => {
    const url = await databases.createEmpty()
    const ran = await Promise.all([1, 2, 3, 4].map(() => migrate(url, directory)))
    expect(ran.flat()).toEqual(['0001_initial.sql'])
    expect(await migrate(url, directory)).toEqual([])
  })

  it('runs two databases of one server side by side, although they share their roles', async () => {
    const urls = await Promise.all([databases.createEmpty(), databases.createEmpty()])
    await Promise.all(urls.map((url) => migrate(url, directory)))
    for (const url of urls) {
      const { rows } = await (await connect(url)).query('SELECT FROM courant.cluster_meta')
      expect(rows).toHaveLength(1)
    }
  })

  it('refuses a migration that was edited after it had run', async () => {
    const url = await databases.createEmpty()
    await migrate(url, directory)
    await writeFile(join(directory, '0001_initial.sql'), 'SELECT 1;')
    await expect(migrate(url, directory)).rejects.toThrow('0001_initial.sql was changed after')
  })

  it('leaves nothing of a migration that fails, and goes on from there when it is mended', async () => {
    const url = await databases.createEmpty()
    const second = join(directory, '0002_second.sql')
    await writeFile(second, 'CREATE TABLE courant.half (n int); SELECT 1 / 0;')
    await expect(migrate(url, directory)).rejects.toThrow(
      /0002_second.sql failed.*division by zero/,
    )
    await writeFile(second, 'CREATE TABLE courant.half (n int);')
    expect(await migrate(url, directory)).toEqual(['0002_second.sql'])
  })

  it('lets a control plane start on an empty database', async () => {
    const running = await start(await databases.createEmpty())
    expect((await running.createTenant('acme')).created).toBe(true)
  })
})

describe('a DATABASE_URL that leads nowhere', () => {
  it('is explained: nothing listens there', async () => {
    await expect(start('postgres://someone:secret@127.0.0.1:1/courant')).rejects.toThrow(
      'DATABASE_URL does not lead to a database: nothing listens at 127.0.0.1:1.',
    )
  })

  it('is explained: there is no such database', async () => {
    const url = (await databases.createEmpty()).replace(/\/[^/?]+\?/, '/nowhere?')
    await expect(start(url)).rejects.toThrow('has no database "nowhere"')
  })

  it('never shows its password', async () => {
    const failure = await start('postgres://someone:secret@localhost:1/courant').catch(String)
    expect(failure).not.toContain('secret')
  })
})

/**
 * Goal: the embedded PostgreSQL comes up, keeps what was committed and says why it does not start.
 * Method: the real binaries on real directories. Other users, places and crashes: the longer suite.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { startEmbeddedPostgres } from '../src/index.ts'
import { query, useHome } from './home.ts'

const home = useHome()

describe('an embedded PostgreSQL', () => {
  it('makes the data directory, and a later one finds what was committed', async () => {
    const data = join(home.path, 'deep', 'er', 'postgres')
    const first = await home.start(data)
    await query(first.connectionString, 'create table t as select 7 as n')
    await first.stop()
    expect(await first.ended).toBeNull()
    const second = await home.start(data)
    expect(await query(second.connectionString, 'select n from t')).toEqual([7])
  })

  it('has durability on whatever the configuration file says', async () => {
    const data = await home.existingCluster()
    const file = join(data, 'postgresql.conf')
    const conf = await readFile(file, 'utf8')
    await writeFile(file, `${conf}\nfsync=off\nsynchronous_commit=off\nfull_page_writes=off\n`)
    const { connectionString } = await home.start(data)
    for (const setting of ['fsync', 'synchronous_commit', 'full_page_writes']) {
      expect(await query(connectionString, `show ${setting}`)).toEqual(['on'])
    }
  })

  it('says so when the directory is in use, and leaves the user of it alone', async () => {
    const data = await home.existingCluster()
    const first = await home.start(data)
    await expect(startEmbeddedPostgres({ dataDirectory: data })).rejects.toThrow(
      /Another process runs the embedded PostgreSQL of .*postgres/,
    )
    expect(await query(first.connectionString, 'select 1')).toEqual([1])
  })

  it('refuses a directory with other files, or of another version, by its name', async () => {
    const data = join(home.path, 'postgres')
    await mkdir(data)
    await writeFile(join(data, 'thesis.txt'), 'precious')
    await expect(home.start(data)).rejects.toThrow(`${data} is neither empty nor`)
    expect(await readFile(join(data, 'thesis.txt'), 'utf8')).toBe('precious')
    await writeFile(join(data, 'PG_VERSION'), '11\n')
    await expect(home.start(data)).rejects.toThrow(/PG_VERSION says 11/)
  })

  it('tells what PostgreSQL said when it cannot start', async () => {
    const data = await home.existingCluster()
    await writeFile(join(data, 'postgresql.conf'), 'max_connections = many\n')
    await expect(home.start(data)).rejects.toThrow(/invalid value for parameter "max_connections"/)
    // The failed start released the directory.
    await writeFile(join(data, 'postgresql.conf'), '')
    await home.start(data)
  })

  it('reports a server that ends by itself', async () => {
    const server = await home.start(await home.existingCluster())
    process.kill(server.pid, 'SIGKILL')
    expect((await server.ended)?.message).toMatch(/PostgreSQL ended \(SIGKILL\)/)
  })
})

/** What the tests of the embedded PostgreSQL share: directories that go, servers that end. */
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../src/index.ts'

interface StartOptions {
  readonly transport?: 'socket' | 'tcp'
  readonly nativeDirectory?: string
}

/** A directory of its own for each test of the file that calls `useHome`. */
export interface Home {
  readonly path: string
  /** Ends with the test, if that has not stopped it. */
  start(dataDirectory: string, options?: StartOptions): Promise<EmbeddedPostgres>
  /**
   * A cluster at `<home>/postgres`, copied where a test is not about the first start, because
   * initdb is what takes long; as root the copy is root's, like one that was restored.
   */
  existingCluster(): Promise<string>
}

export function useHome(): Home {
  let path = ''
  let cluster = ''
  let running: EmbeddedPostgres[] = []
  beforeAll(async () => {
    const place = await mkdtemp(join(tmpdir(), 'courant-pg-'))
    cluster = join(place, 'postgres')
    await (await startEmbeddedPostgres({ dataDirectory: cluster })).stop()
  })
  afterAll(() => rm(dirname(cluster), { recursive: true, force: true }))
  beforeEach(async () => {
    // mkdtemp makes it 0700 and ours: as root, the case that PostgreSQL's user cannot enter.
    path = await mkdtemp(join(tmpdir(), 'courant-pg-'))
    running = []
  })
  afterEach(async () => {
    for (const server of running) await server.stop()
    await rm(path, { recursive: true, force: true })
  })
  return {
    get path() {
      return path
    },
    async start(dataDirectory, options = {}) {
      const server = await startEmbeddedPostgres({ dataDirectory, ...options })
      running.push(server)
      return server
    },
    async existingCluster() {
      const data = join(path, 'postgres')
      await cp(cluster, data, { recursive: true })
      return data
    },
  }
}

/** The columns of all rows, one behind the other. */
export async function query(uri: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: uri })
  await client.connect()
  try {
    const result = await client.query({ text: sql, rowMode: 'array' })
    return result.rows.flat()
  } finally {
    await client.end()
  }
}

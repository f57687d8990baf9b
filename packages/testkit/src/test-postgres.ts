import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@courant/embedded-postgres'
import pg from 'pg'

export interface TestPostgresOptions {
  /** Fills the database that every other one is copied from: migrations, say. */
  readonly prepare?: (databaseUrl: string) => Promise<void>
}

/** A real PostgreSQL server of one test process. */
export interface TestPostgres {
  /** A fresh copy of the prepared database; returns its URL. Some 30 ms. */
  createDatabase(): Promise<string>
  /** Stops the server in the middle of whatever it does, and starts it again on the same data. */
  restart(): Promise<void>
  /** Until `start`, nobody can connect. */
  halt(): Promise<void>
  start(): Promise<void>
  /** Stops the server and removes its files. */
  stop(): Promise<void>
}

const TEMPLATE = 'courant_template'

/** Starts a server in a temporary directory. Databases of one server share nothing but roles. */
export async function startTestPostgres(options: TestPostgresOptions = {}): Promise<TestPostgres> {
  const home = await mkdtemp(join(tmpdir(), 'courant-test-'))
  const launch = (): Promise<EmbeddedPostgres> =>
    startEmbeddedPostgres({ dataDirectory: join(home, 'postgres') })
  let server = await launch()
  const halt = (): Promise<void> => server.stop()
  const start = async (): Promise<void> => {
    server = await launch()
  }
  const stop = async (): Promise<void> => {
    await server.stop()
    await rm(home, { recursive: true, force: true })
  }
  try {
    // No test here takes the power away: COMMIT need not wait for the disk.
    await query(server.connectionString, 'ALTER ROLE CURRENT_USER SET synchronous_commit = off')
    await query(server.connectionString, `CREATE DATABASE ${TEMPLATE}`)
    await options.prepare?.(urlOf(server, TEMPLATE))
  } catch (error) {
    await stop()
    throw error
  }
  let made = 0
  return {
    async createDatabase() {
      made += 1
      const name = `courant_test_${made}`
      await query(server.connectionString, `CREATE DATABASE ${name} TEMPLATE ${TEMPLATE}`)
      return urlOf(server, name)
    },
    async restart() {
      await halt()
      await start()
    },
    halt,
    start,
    stop,
  }
}

function urlOf(server: EmbeddedPostgres, database: string): string {
  return server.connectionString.replace('/postgres?', `/${database}?`)
}

async function query(databaseUrl: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

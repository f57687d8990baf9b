import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@courant/embedded-postgres'
import { TestDatabases } from './test-databases.ts'

export interface TestPostgresOptions {
  /** Fills the database that every other one is copied from: migrations, say. */
  readonly prepare?: (databaseUrl: string) => Promise<void>
}

/** A real PostgreSQL server in a temporary directory. */
export interface TestPostgres {
  /** For `TestDatabases` in other processes. */
  readonly url: string
  /** A fresh copy of the prepared database; returns its URL. */
  createDatabase(): Promise<string>
  /** Ends connections, and until `start` nobody can connect. */
  halt(): Promise<void>
  /** Starts the server again on the same data. */
  start(): Promise<void>
  /** Stops the server and removes its files. */
  stop(): Promise<void>
}

/** No test here takes the power away, so nothing waits for the disk. */
export async function startTestPostgres(options: TestPostgresOptions = {}): Promise<TestPostgres> {
  const home = await mkdtemp(join(tmpdir(), 'courant-test-'))
  const launch = (): Promise<EmbeddedPostgres> =>
    startEmbeddedPostgres({ dataDirectory: join(home, 'postgres'), durability: 'none' })
  let server = await launch()
  const databases = new TestDatabases(server.connectionString)
  const stop = async (): Promise<void> => {
    await databases.close()
    await server.stop()
    await rm(home, { recursive: true, force: true })
  }
  try {
    const template = await TestDatabases.makeTemplate(server.connectionString)
    await options.prepare?.(template)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    url: server.connectionString,
    createDatabase: () => databases.create(),
    halt: () => server.stop(),
    async start() {
      server = await launch()
    },
    stop,
  }
}

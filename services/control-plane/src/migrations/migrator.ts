/**
 * Brings the database to the newest schema: SQL files, in order, each in a transaction, recorded
 * with its checksum. Forward only. Control planes may start at the same moment, so the whole of it
 * runs under an advisory lock, which the server frees when this connection ends, however it ends.
 */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'

/** The repository's migrations. */
export const MIGRATIONS_DIRECTORY = join(import.meta.dirname, '../../../../migrations')

/** "courant" in ASCII: a number that no other application takes by accident. */
const LOCK = '27992980900964980'
const FILE_NAME = /^\d{4}_[a-z0-9_]+\.sql$/

interface Migration {
  readonly name: string
  readonly sql: string
  readonly checksum: string
}

/** Returns the names of the migrations that this call has run. */
export async function migrate(databaseUrl: string, directory: string): Promise<string[]> {
  const migrations = await readMigrations(directory)
  const client = new pg.Client({ connectionString: databaseUrl })
  // The statement that fails tells why; without a listener the process would end instead.
  client.on('error', () => {})
  await client.connect()
  try {
    await client.query('SELECT pg_advisory_lock($1)', [LOCK])
    return await runMissing(client, migrations)
  } finally {
    await client.end()
  }
}

async function runMissing(client: pg.Client, migrations: readonly Migration[]): Promise<string[]> {
  await client.query(`
    CREATE SCHEMA IF NOT EXISTS courant;
    CREATE TABLE IF NOT EXISTS courant.migration (
      name        text PRIMARY KEY,
      checksum    text NOT NULL,
      applied_at  timestamptz NOT NULL DEFAULT clock_timestamp()
    )`)
  const recorded = await client.query('SELECT name, checksum FROM courant.migration')
  const checksums = new Map(recorded.rows.map((row) => [String(row.name), String(row.checksum)]))
  const ran: string[] = []
  for (const migration of migrations) {
    const checksum = checksums.get(migration.name)
    if (checksum === migration.checksum) continue
    if (checksum !== undefined) {
      throw new Error(
        `Migration ${migration.name} was changed after it had been run. Migrations are never ` +
          'edited: restore the file and write a new one.',
      )
    }
    await run(client, migration)
    ran.push(migration.name)
  }
  return ran
}

async function run(client: pg.Client, { name, sql, checksum }: Migration): Promise<void> {
  try {
    await client.query('BEGIN')
    await client.query(sql)
    await client.query('INSERT INTO courant.migration (name, checksum) VALUES ($1, $2)', [
      name,
      checksum,
    ])
    await client.query('COMMIT')
  } catch (cause) {
    await client.query('ROLLBACK').catch(() => {})
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`Migration ${name} failed and was rolled back: ${reason}`, { cause })
  }
}

async function readMigrations(directory: string): Promise<Migration[]> {
  const names = (await readdir(directory)).filter((name) => FILE_NAME.test(name)).sort()
  const read = names.map(async (name): Promise<Migration> => {
    const sql = await readFile(join(directory, name), 'utf8')
    return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') }
  })
  return Promise.all(read)
}

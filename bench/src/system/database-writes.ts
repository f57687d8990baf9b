import { Client } from 'pg'

export interface DatabaseWrites {
  /** Those that only read are counted too. */
  readonly transactions: number
  readonly rows: number
}

/** What PostgreSQL has done so far. A second late: its processes tell of their work that often. */
export async function databaseWrites(connectionString: string): Promise<DatabaseWrites> {
  const client = new Client({ connectionString })
  await client.connect()
  try {
    const { rows } = await client.query<{ transactions: string; rows: string }>(
      `select xact_commit as transactions, tup_inserted + tup_updated + tup_deleted as rows
       from pg_stat_database where datname = current_database()`,
    )
    return { transactions: Number(rows[0]?.transactions), rows: Number(rows[0]?.rows) }
  } finally {
    await client.end()
  }
}

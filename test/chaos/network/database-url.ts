/** Where the embedded PostgreSQL is by its URL: the file of its socket. */
export function socketOf(databaseUrl: string): string {
  const directory = new URL(databaseUrl).searchParams.get('host') ?? ''
  return `${directory}/.s.PGSQL.5432`
}

/** The same database by way of a relay, which needs no password as the socket needs none. */
export function byWayOf(databaseUrl: string, host: string, port: number): string {
  const user = new URL(databaseUrl).searchParams.get('user') ?? ''
  return `postgres://${user}@${host}:${port}/postgres`
}

import pg from 'pg'

/**
 * Connects once, so that a DATABASE_URL that leads nowhere is explained at the start, in words and
 * without its password.
 */
export async function checkConnection(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5_000 })
  client.on('error', () => {})
  try {
    await client.connect()
  } catch (error) {
    throw new Error(`DATABASE_URL does not lead to a database: ${reasonOf(error, client)}`, {
      cause: error,
    })
  } finally {
    await client.end().catch(() => {})
  }
}

function reasonOf(error: unknown, client: pg.Client): string {
  const { code, message } = detailsOf(error)
  const server = client.host.startsWith('/') ? client.host : `${client.host}:${client.port}`
  switch (code) {
    case 'ECONNREFUSED':
    case 'ENOENT':
      return `nothing listens at ${server}.`
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the host ${client.host} is not known.`
    case '3D000':
      return `the server at ${server} has no database ${JSON.stringify(client.database)}.`
    case '28P01':
    case '28000':
      return `the server at ${server} refuses user ${JSON.stringify(client.user)}: ${message}.`
    default:
      return `the server at ${server} says: ${message}.`
  }
}

function detailsOf(error: unknown): { readonly code: string; readonly message: string } {
  if (error instanceof AggregateError && error.errors.length > 0) return detailsOf(error.errors[0])
  if (!(error instanceof Error)) return { code: '', message: String(error) }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  return { code, message: error.message }
}

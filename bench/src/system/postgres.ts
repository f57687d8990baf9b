/** Worker: PostgreSQL for the control plane, on the core where it does not matter. */
import { startEmbeddedPostgres } from '@courant/embedded-postgres'

/** The connection string. The server ends with this process. */
export async function start({ directory }: { readonly directory: string }): Promise<string> {
  return (await startEmbeddedPostgres({ dataDirectory: directory })).connectionString
}

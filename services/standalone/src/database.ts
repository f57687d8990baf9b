import { join } from 'node:path'
import { startEmbeddedPostgres } from '@courant/embedded-postgres'
import type { Logger } from '@courant/service-kit'

export interface Database {
  readonly url: string
  /** Resolves, with the reason, only if the database is lost: it was ours and ended by itself. */
  readonly lost: Promise<Error>
  stop(): Promise<void>
}

/** The server that DATABASE_URL names, or one of our own in the data directory. */
export async function openDatabase(
  url: string | null,
  dataDirectory: string,
  log: Logger,
): Promise<Database> {
  if (url !== null) return { url, lost: new Promise(() => {}), stop: async () => {} }
  const server = await startEmbeddedPostgres({
    dataDirectory: join(dataDirectory, 'postgres'),
    onLog: (line) => log.debug({ postgres: line }, 'postgres'),
  })
  // Linux ends it with us in any case; elsewhere an end without a stop would leave it running.
  const interrupt = (): void => {
    try {
      process.kill(server.pid, 'SIGINT')
    } catch {
      // It has ended already.
    }
  }
  process.once('exit', interrupt)
  return {
    url: server.connectionString,
    lost: new Promise((resolve) => {
      void server.ended.then((error) => error !== null && resolve(error))
    }),
    async stop() {
      await server.stop()
      process.removeListener('exit', interrupt)
    },
  }
}

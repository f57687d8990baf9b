/**
 * Starts the server on argv[2] and says so; for tests that kill the process or run it as another
 * user.
 */
import { startEmbeddedPostgres } from '../src/index.ts'

const [, , dataDirectory = ''] = process.argv
const server = await startEmbeddedPostgres({ dataDirectory })
process.stdout.write(`${JSON.stringify({ pid: server.pid, uri: server.connectionString })}\n`)
process.stdin.resume().once('end', () => {
  void server.stop()
})

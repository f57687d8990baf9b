import { EmbeddedPostgresError } from '@courant/embedded-postgres'
import type { StandaloneConfig } from './settings.ts'
import { StartError } from './start-error.ts'

/** Why the start failed, for the person who started it; null where only a stack can tell. */
export function explainFailure(error: unknown, config: StandaloneConfig): string | null {
  if (error instanceof StartError || error instanceof EmbeddedPostgresError) return error.message
  if (!(error instanceof Error)) return null
  const { code, port } = error as NodeJS.ErrnoException & { readonly port?: number }
  if (code === 'EADDRINUSE' && port !== undefined) {
    const name = settingOf(port, config)
    return (
      `Port ${port} (${name}) is in use by another program. Stop that, or choose another port: ` +
      `${name}=${port === 65_535 ? 0 : port + 1} npm start`
    )
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return `${config.httpHost} (COURANT_HTTP_HOST) is not an address of this machine: ${error.message}`
  }
  if (code === 'EACCES' && port !== undefined) {
    return `Port ${port} (${settingOf(port, config)}) may not be opened by this user.`
  }
  return null
}

function settingOf(port: number, { httpPort, grpcPort }: StandaloneConfig): string {
  if (port === httpPort) return 'COURANT_HTTP_PORT'
  return port === grpcPort ? 'COURANT_GRPC_PORT' : 'COURANT_ADMIN_PORT'
}

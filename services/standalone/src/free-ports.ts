import { createServer } from 'node:net'
import type { StandaloneConfig } from './settings.ts'

/**
 * Fails at once, as the listener would seconds later, where a port cannot be opened: nobody should
 * wait for a database only to read that. Who takes a port in between still makes the start fail.
 */
export async function requireFreePorts(config: StandaloneConfig): Promise<void> {
  const { httpHost, httpPort, grpcPort, adminHost, adminPort } = config
  await tryPort(httpHost, httpPort)
  await tryPort(httpHost, grpcPort)
  if (adminPort !== 'off') await tryPort(adminHost, adminPort)
}

function tryPort(host: string, port: number): Promise<void> {
  if (port === 0) return Promise.resolve()
  const probe = createServer()
  return new Promise((resolve, reject) => {
    probe.once('error', reject)
    probe.listen(port, host, () => probe.close(() => resolve()))
  })
}

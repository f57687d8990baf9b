import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface ScriptedServer {
  readonly url: string
  /** The environment that leads the command to it. */
  readonly env: Readonly<Record<string, string>>
  stop(): Promise<void>
}

type Script = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>

/** A server that fails as the script says, at points where a healthy gateway never would. */
export async function startScriptedServer(script: Script): Promise<ScriptedServer> {
  const server = createServer((request, response) => void script(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    env: { COURANT_URL: url, COURANT_API_KEY: 'crt_test' },
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Goal: the process explains what keeps it from starting, and ends when it is told to. */
import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { expect, it } from 'vitest'

const MAIN = new URL('../../src/main.ts', import.meta.url).pathname
const ANY_PORTS = { COURANT_HTTP_PORT: '0', COURANT_GRPC_PORT: '0', COURANT_ADMIN_PORT: '0' }

interface Ended {
  readonly code: number | null
  readonly output: string
}

/** Runs the service alone; a line of its output that holds `stopAt` makes us send SIGTERM. */
function run(environment: Readonly<Record<string, string>>, stopAt?: string): Promise<Ended> {
  const child = spawn(process.execPath, [MAIN], {
    env: { ...process.env, ...ANY_PORTS, ...environment },
  })
  let output = ''
  const take = (chunk: Buffer): void => {
    output += chunk.toString()
    // A second signal would end it at once.
    if (stopAt !== undefined && !child.killed && output.includes(stopAt)) child.kill('SIGTERM')
  }
  child.stdout.on('data', take)
  child.stderr.on('data', take)
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })))
}

it('names everything that is wrong with its configuration, and ends with status 2', async () => {
  const { code, output } = await run({
    COURANT_HTTP_PORT: '99999',
    COURANT_CORS_ORIGINS: 'https://a.example/path',
    COURANT_CONTROL_PLANE: 'nowhere',
  })
  expect(code).toBe(2)
  for (const name of ['COURANT_HTTP_PORT', 'COURANT_CORS_ORIGINS', 'COURANT_CONTROL_PLANE']) {
    expect(output).toContain(name)
  }
})

it('says which address is taken, and ends with status 1', async () => {
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const { port } = other.address() as { port: number }
  const { code, output } = await run({ COURANT_GRPC_PORT: String(port) })
  other.close()
  expect(code).toBe(1)
  expect(output).toContain(String(port))
})

it('listens without a control plane, and ends cleanly at a signal', async () => {
  const nobody = { COURANT_CONTROL_PLANE: '127.0.0.1:1' }
  const { code, output } = await run(nobody, 'gateway is running')
  expect(output).toContain('stopped')
  expect(code).toBe(0)
})

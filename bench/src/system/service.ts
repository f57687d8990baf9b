import { existsSync } from 'node:fs'
import { get } from 'node:http'
import { fileURLToPath } from 'node:url'
import type { Child } from '../harness/child.ts'
import type { Core } from '../harness/pinning.ts'
import { profiling } from '../harness/profiling.ts'
import type { Bench } from '../harness/suite.ts'
import { freePort } from './free-port.ts'

export interface ServiceOptions {
  readonly name: 'control-plane' | 'broker' | 'gateway'
  readonly core: Core
  readonly env: Readonly<Record<string, string>>
  /** Any that is free where it is left out. */
  readonly adminPort?: number
}

/** Starts one of our services by its `main.ts`, as users do; returns once it says it is ready. */
export async function startService(bench: Bench, options: ServiceOptions): Promise<Child> {
  const { name, core, env } = options
  const main = new URL(`../../../services/${name}/src/main.ts`, import.meta.url)
  if (!existsSync(main)) throw new Error(`services/${name} is not there yet`)
  const adminPort = options.adminPort ?? (await freePort())
  const child = bench.child({
    core,
    command: [process.execPath, ...profiling(core), fileURLToPath(main)],
    env: { COURANT_ADMIN_PORT: String(adminPort), COURANT_LOG_LEVEL: 'warn', ...env },
  })
  await child.ready(() => answersOk(`http://127.0.0.1:${adminPort}/readyz`))
  return child
}

function answersOk(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    get(url, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    }).once('error', () => resolve(false))
  })
}

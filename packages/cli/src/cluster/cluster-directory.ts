import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Failure } from '../failure.ts'
import type { Session } from '../session.ts'

export interface ClusterOptions {
  readonly dataDir?: string
}

/** Where the supervisor of a running cluster takes orders. */
export interface Supervisor {
  readonly url: string
  readonly token: string
}

const DEFAULT_DIRECTORY = '.courant/cluster'

export const DATA_DIRECTORY_OPTION = [
  '--data-dir <directory>',
  `of the cluster; default: COURANT_DATA_DIR, else ${DEFAULT_DIRECTORY}`,
] as const

/** Of processes, from the inside outwards. */
export const ROLES = ['postgres', 'control-plane', 'broker', 'gateway'] as const

export function clusterDirectory({ dataDir }: ClusterOptions, { terminal }: Session): string {
  const { env, cwd } = terminal
  return resolve(cwd, dataDir ?? (env['COURANT_DATA_DIR'] || DEFAULT_DIRECTORY))
}

/** From `cluster.json`, which the supervisor keeps in the data directory while it runs. */
export function findSupervisor(directory: string): Supervisor {
  const path = join(directory, 'cluster.json')
  try {
    const { url, token } = JSON.parse(readFileSync(path, 'utf8')).supervisor
    if (typeof url === 'string' && typeof token === 'string') return { url, token }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw noCluster(directory)
  }
  throw new Failure(`${path} cannot be used.`, { advice: 'The next start writes it anew.' })
}

export function noCluster(directory: string): Failure {
  return new Failure(`No cluster runs on ${directory}.`, {
    advice: 'npx courant cluster starts one; --data-dir names another directory.',
  })
}

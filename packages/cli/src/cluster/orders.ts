import { Failure } from '../failure.ts'
import type { Session } from '../session.ts'
import {
  type ClusterOptions,
  clusterDirectory,
  findSupervisor,
  noCluster,
} from './cluster-directory.ts'

/** A process of the cluster, as its supervisor tells. */
export interface ClusterProcess {
  readonly role: string
  readonly id: number
  readonly pid: number | null
  readonly url: string
  readonly adminUrl: string | null
  readonly rack: string | null
  readonly log: string
  readonly state: 'ready' | 'not-ready' | 'stopped' | 'ended'
  readonly exit: { readonly status: number | null; readonly signal: string | null } | null
}

/** Gives an order to the supervisor, and waits until it is carried out. */
export async function order<Answer>(
  session: Session,
  options: ClusterOptions,
  method: 'GET' | 'POST',
  path: string,
): Promise<Answer> {
  const directory = clusterDirectory(options, session)
  const { url, token } = findSupervisor(directory)
  const headers = { authorization: `Bearer ${token}` }
  const answer = await fetch(`${url}${path}`, { method, headers }).catch(() => {
    throw noCluster(directory)
  })
  const body: unknown = await answer.json()
  if (answer.ok) return body as Answer
  throw new Failure(String((body as { readonly detail?: unknown }).detail))
}

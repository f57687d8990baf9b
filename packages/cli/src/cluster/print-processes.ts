import { relative } from 'node:path'
import type { Session } from '../session.ts'
import type { ClusterProcess } from './orders.ts'

/** As a table; with `--json`, one object a line. */
export async function printProcesses(
  session: Session,
  processes: readonly ClusterProcess[],
): Promise<void> {
  if (session.json) {
    for (const process of processes) await session.object(process)
    return
  }
  const { cwd } = session.terminal
  const { printTable } = await import('../output/table.ts')
  await printTable(
    session,
    [
      { title: 'ROLE', cell: ({ role }) => role },
      { title: 'ID', cell: ({ id }) => id },
      { title: 'PID', cell: ({ pid }) => pid ?? '-' },
      { title: 'STATE', cell: stateOf },
      // The one of PostgreSQL may hold a password.
      { title: 'URL', cell: ({ role, url }) => (role === 'postgres' ? '-' : url) },
      { title: 'ADMIN', cell: ({ adminUrl }) => adminUrl ?? '-' },
      { title: 'RACK', cell: ({ rack }) => rack ?? '-' },
      { title: 'LOG', cell: ({ log }) => shortPath(log, cwd) },
    ],
    processes,
  )
}

function stateOf({ state, exit }: ClusterProcess): string {
  if (state === 'not-ready') return 'not ready'
  if (state !== 'ended' || exit === null) return state
  return `ended (${exit.signal ?? `status ${exit.status}`})`
}

function shortPath(path: string, from: string): string {
  const short = relative(from, path)
  return short.startsWith('..') ? path : short
}

import { relative } from 'node:path'
import { createColors } from 'picocolors'
import { type Credentials, credentialsPath } from '../credentials-file.ts'
import type { MemberStatus } from './member.ts'

export interface ClusterAnnouncementOptions {
  readonly credentials: Credentials
  readonly processes: readonly MemberStatus[]
  readonly dataDirectory: string
  readonly seconds: number
  readonly colour: 'on' | 'off'
}

/** What `npm run cluster` prints once it serves. */
export function clusterAnnouncement(options: ClusterAnnouncementOptions): string {
  const { credentials, processes, dataDirectory, seconds, colour } = options
  const { bold, cyan, dim, green } = createColors(colour === 'on')
  const directory = fromHere(dataDirectory)
  const [head = '', ...rows] = processTable(processes)
  return `
${green('A cluster of Courant is ready')} ${dim(`after ${seconds.toFixed(1)} s`)}

  ${dim(head)}
${rows.map((row) => `  ${row}`).join('\n')}

  ${dim('tenant')}   ${credentials.tenant}
  ${dim('API key')}  ${bold(credentials.apiKey)}
  ${dim('also in')}  ${credentialsPath(directory)} and ${directory}/cluster.json

${dim('In a second terminal, in this directory:')}

${cyan(`export COURANT_DATA_DIR=${directory}`)}
${cyan('npx courant topics create hello --partitions 6')}
${cyan('npx courant cluster status')}
${cyan('kill -9 <pid> ; npx courant cluster restart <role> <id>')}

${dim('Ctrl-C stops it.')}
`
}

/** The head and a row for each process, in columns. */
function processTable(processes: readonly MemberStatus[]): readonly string[] {
  const rows = processes.map(({ role, id, pid, url, adminUrl, rack, log }) => [
    role,
    String(id),
    String(pid ?? '-'),
    role === 'postgres' ? '-' : url,
    adminUrl ?? '-',
    rack ?? '-',
    fromHere(log),
  ])
  const table = [['ROLE', 'ID', 'PID', 'URL', 'ADMIN', 'RACK', 'LOG'], ...rows]
  const widths = table[0]?.map((_, column) =>
    Math.max(...table.map((cells) => cells[column]?.length ?? 0)),
  )
  return table.map((cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths?.[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

function fromHere(path: string): string {
  const short = relative(process.cwd(), path) || '.'
  return short.startsWith('..') ? path : short
}

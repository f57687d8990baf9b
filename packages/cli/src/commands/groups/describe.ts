import { Command } from 'commander'
import { examples } from '../../help.ts'
import { formatDuration } from '../../output/format.ts'
import { inSession, type Session } from '../../session.ts'

export function describeGroup(): Command {
  return new Command('describe')
    .alias('lag')
    .summary('show who reads what of a group, and how far behind')
    .description(
      'Shows for each partition the committed offset, the end of the log, the lag in records and ' +
        'in time, and the member that owns it.',
    )
    .argument('<group>')
    .addHelpText('after', examples('courant groups describe billing', 'courant groups lag billing'))
    .action(inSession(run))
}

async function run(session: Session, group: string): Promise<void> {
  const params = { path: { group } }
  const described = await session.call('read', (api) => api.GET('/v1/groups/{group}', { params }))
  if (session.json) return session.object(described)
  const { printTable } = await import('../../output/table.ts')
  await printTable(
    session,
    [
      { title: 'GROUP', cell: () => group },
      { title: 'TOPIC', cell: ({ topic }) => topic },
      { title: 'PARTITION', align: 'right', cell: ({ partition }) => partition },
      { title: 'CURRENT-OFFSET', align: 'right', cell: (of) => of.committedOffset ?? '-' },
      { title: 'LOG-END-OFFSET', align: 'right', cell: (of) => of.logEndOffset ?? '-' },
      { title: 'LAG', align: 'right', cell: ({ lagRecords }) => lagRecords ?? '-' },
      {
        title: 'LAG-TIME',
        align: 'right',
        cell: ({ lagMs }) => (lagMs === null ? '-' : formatDuration(lagMs)),
      },
      { title: 'OWNER', cell: ({ owner }) => owner ?? '-' },
    ],
    described.partitions,
  )
}

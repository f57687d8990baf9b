import { Command } from 'commander'
import { everyPage } from '../../client/every-page.ts'
import { trendText } from '../../groups/lag-table.ts'
import { examples } from '../../help.ts'
import { inSession, type Session } from '../../session.ts'

interface Options {
  readonly prefix?: string
}

export function listGroups(): Command {
  return new Command('list')
    .summary('list consumer groups')
    .description('Lists consumer groups in the order of their names. With --json: one a line.')
    .option('--prefix <text>', 'only names that begin with it')
    .addHelpText('after', examples('courant groups list'))
    .action(inSession(run))
}

async function run(session: Session, options: Options): Promise<void> {
  const groups = await everyPage(async (cursor) => {
    const query = { ...options, ...cursor }
    const page = await session.call('read', (api) => api.GET('/v1/groups', { params: { query } }))
    return { items: page.groups, nextCursor: page.nextCursor }
  })
  if (session.json) {
    for (const group of groups) await session.object(group)
    return
  }
  const { printTable } = await import('../../output/table.ts')
  await printTable(
    session,
    [
      { title: 'GROUP', cell: ({ group }) => group },
      { title: 'STATE', cell: ({ state }) => state },
      { title: 'MEMBERS', align: 'right', cell: ({ members }) => members },
      { title: 'LAG', align: 'right', cell: ({ lagRecords }) => lagRecords ?? '-' },
      { title: 'TREND', cell: ({ lagTrend }) => trendText(lagTrend) },
      { title: 'ASSIGNOR', cell: ({ assignor }) => assignor },
    ],
    groups,
  )
}

import { Command } from 'commander'
import { everyPage } from '../../client/every-page.ts'
import { examples } from '../../help.ts'
import { formatDuration } from '../../output/format.ts'
import { inSession, type Session } from '../../session.ts'

interface Options {
  readonly prefix?: string
}

export function listTopics(): Command {
  return new Command('list')
    .summary('list topics')
    .description('Lists topics in the order of their names. With --json: one a line.')
    .option('--prefix <text>', 'only names that begin with it')
    .addHelpText('after', examples('courant topics list', 'courant topics list --prefix orders.'))
    .action(inSession(run))
}

async function run(session: Session, options: Options): Promise<void> {
  const topics = await everyPage(async (cursor) => {
    const query = { ...options, ...cursor }
    const page = await session.call('read', (api) => api.GET('/v1/topics', { params: { query } }))
    return { items: page.topics, nextCursor: page.nextCursor }
  })
  if (session.json) {
    for (const topic of topics) await session.object(topic)
    return
  }
  const { printTable } = await import('../../output/table.ts')
  await printTable(
    session,
    [
      { title: 'TOPIC', cell: ({ name }) => name },
      { title: 'PARTITIONS', align: 'right', cell: ({ partitions }) => partitions },
      { title: 'REPLICAS', align: 'right', cell: ({ replicationFactor }) => replicationFactor },
      {
        title: 'RETENTION',
        align: 'right',
        cell: ({ config }) => retention(config['retentionMs']),
      },
    ],
    topics,
  )
}

function retention(milliseconds: string | number | undefined): string {
  return typeof milliseconds !== 'number' || milliseconds < 0
    ? 'for ever'
    : formatDuration(milliseconds)
}

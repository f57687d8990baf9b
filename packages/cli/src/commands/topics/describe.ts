import { Command } from 'commander'
import { examples } from '../../help.ts'
import { formatAmount, formatTime } from '../../output/format.ts'
import { inSession, type Session } from '../../session.ts'

export function describeTopic(): Command {
  return new Command('describe')
    .summary('show a topic with its settings and partitions')
    .description('Shows the settings of a topic, who set them, and each partition with its leader.')
    .argument('<topic>')
    .addHelpText('after', examples('courant topics describe orders'))
    .action(inSession(run))
}

async function run(session: Session, topic: string): Promise<void> {
  const described = await session.call('read', (api) =>
    api.GET('/v1/topics/{topic}', { params: { path: { topic } } }),
  )
  if (session.json) return session.object(described)
  const { name, partitions, replicationFactor, createdAt, status } = described
  const { bold } = session.colours
  await session.line(
    `${bold(name)}: ${formatAmount(partitions, 'partition')}, replication factor ` +
      `${replicationFactor}, created ${formatTime(createdAt)}, ${status.toLowerCase()}\n`,
  )
  const { printTable } = await import('../../output/table.ts')
  const settings = Object.entries(described.configDetails)
  await printTable(
    session,
    [
      { title: 'SETTING', cell: ([setting]) => setting },
      { title: 'VALUE', cell: ([setting]) => described.config[setting] ?? '' },
      { title: 'SET BY', cell: ([, { source }]) => source },
      { title: 'DEFAULT', cell: ([, detail]) => detail.default },
    ],
    settings,
  )
  await session.line('')
  await printTable(
    session,
    [
      { title: 'PARTITION', align: 'right', cell: ({ partition }) => partition },
      { title: 'LEADER', align: 'right', cell: ({ leader }) => leader ?? 'none' },
      { title: 'EPOCH', align: 'right', cell: ({ leaderEpoch }) => leaderEpoch },
      { title: 'REPLICAS', cell: ({ replicas }) => replicas.join(',') },
      { title: 'IN SYNC', cell: ({ inSyncReplicas }) => inSyncReplicas.join(',') },
    ],
    described.partitionDetails,
  )
}

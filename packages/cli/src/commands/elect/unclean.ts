import { Command } from 'commander'
import { parseInteger } from '../../arguments.ts'
import { examples } from '../../help.ts'
import { stateText } from '../../operators/print-partitions.ts'
import { TOPIC_HELP, topicIdOf } from '../../operators/topic-id.ts'
import { inSession, type Session } from '../../session.ts'

interface Options {
  readonly broker: number
  readonly acceptDataLoss?: boolean
}

export function electUnclean(): Command {
  return new Command('unclean')
    .summary('elect a leader that may lack acknowledged records')
    .description(
      'The last resort for a partition of which every replica that has everything is lost for good.\n' +
        'Shows what is known of each replica, and elects only with --accept-data-loss. Needs the\n' +
        'operator key.',
    )
    .argument('<topic>', TOPIC_HELP)
    .argument('<partition>', 'counted from 0', parseInteger)
    .requiredOption('--broker <id>', 'the replica that is to lead', parseInteger)
    .option('--accept-data-loss', 'elect it; acknowledged records may be lost for good')
    .addHelpText(
      'after',
      examples(
        'courant elect unclean default/orders 3 --broker 2',
        'courant elect unclean default/orders 3 --broker 2 --accept-data-loss',
      ),
    )
    .action(inSession(run))
}

async function run(
  session: Session,
  topic: string,
  partition: number,
  { broker: brokerId, acceptDataLoss = false }: Options,
): Promise<void> {
  const body = { topicId: await topicIdOf(session, topic), partition, brokerId, acceptDataLoss }
  const report = await session.call(
    'write',
    (api) => api.POST('/v1/cluster/elections/unclean', { body }),
    'operator',
  )
  if (session.json) return session.object(report)
  const { printTable } = await import('../../output/table.ts')
  await printTable(
    session,
    [
      { title: 'BROKER', align: 'right', cell: (replica) => replica.brokerId },
      { title: 'STATE', cell: ({ state }) => state?.toLowerCase() ?? 'removed' },
      { title: 'RECORDS', cell: ({ standing }) => stateText(standing) },
    ],
    report.replicas,
  )
  const name = `${topic}, partition ${partition}`
  await session.line(
    report.elected
      ? `\n${name}: broker ${report.leader} leads, in epoch ${report.leaderEpoch}.`
      : `\n${name}: nothing was done. To let broker ${brokerId} lead: --accept-data-loss.`,
  )
}

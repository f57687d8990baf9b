import { Command } from 'commander'
import { parsePositive } from '../../arguments.ts'
import { examples } from '../../help.ts'
import { formatAmount } from '../../output/format.ts'
import { inSession, type Session } from '../../session.ts'

export function addPartitions(): Command {
  return new Command('add-partitions')
    .summary('give a topic more partitions')
    .description(
      'Sets the total number of partitions. There is no way back, and records of a key may from ' +
        'then on go to another partition than before. Safe to repeat.',
    )
    .argument('<topic>')
    .argument('<total>', 'the new total, not the number to add', parsePositive)
    .addHelpText('after', examples('courant topics add-partitions orders 24'))
    .action(inSession(run))
}

async function run(session: Session, topic: string, partitions: number): Promise<void> {
  const grown = await session.call('write', (api) =>
    api.POST('/v1/topics/{topic}/partitions', {
      params: { path: { topic } },
      body: { partitions },
    }),
  )
  if (session.json) return session.object(grown)
  await session.line(`Topic ${topic} with ${formatAmount(grown.partitions, 'partition')}.`)
  for (const warning of grown.warnings)
    session.note(`${session.colours.yellow('Note:')} ${warning}`)
}

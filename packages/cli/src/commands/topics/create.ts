import { Command } from 'commander'
import { collectSettings, parsePositive } from '../../arguments.ts'
import { examples } from '../../help.ts'
import { formatAmount } from '../../output/format.ts'
import { inSession, type Session } from '../../session.ts'

interface Options {
  readonly partitions?: number
  readonly replicationFactor?: number
  readonly config?: Record<string, string | number>
}

export function createTopic(): Command {
  return new Command('create')
    .summary('create a topic')
    .description(
      'Creates a topic and waits until it serves. Safe to repeat: an equal topic is left as it is.',
    )
    .argument('<topic>', 'letters, digits, ".", "_" and "-"')
    .option('-p, --partitions <count>', 'default: 1; can grow later, never shrink', parsePositive)
    .option('--replication-factor <count>', 'default: 3, or all brokers if fewer', parsePositive)
    .option('-c, --config <name=value>', 'a setting; may be repeated', collectSettings)
    .addHelpText(
      'after',
      examples(
        'courant topics create orders --partitions 12',
        'courant topics create logs -p 3 --config retentionMs=86400000',
      ),
    )
    .action(inSession(run))
}

async function run(session: Session, name: string, options: Options): Promise<void> {
  const topic = await session.call('write', (api) =>
    api.POST('/v1/topics', { body: { name, ...options } }),
  )
  if (session.json) return session.object(topic)
  const state = topic.status === 'CREATING' ? ', which does not serve yet' : ''
  await session.line(
    `Topic ${topic.name} with ${formatAmount(topic.partitions, 'partition')}${state}.`,
  )
}

import { Command, Option } from 'commander'
import { parseInteger } from '../../arguments.ts'
import { examples } from '../../help.ts'
import { everyPartition } from '../../operators/every-partition.ts'
import { printPartitions, stateText } from '../../operators/print-partitions.ts'
import { TOPIC_HELP, topicIdOf } from '../../operators/topic-id.ts'
import { inSession, type Session } from '../../session.ts'

const STATES = ['UNDER_REPLICATED', 'BELOW_MIN_INSYNC', 'LEADERLESS', 'REASSIGNING'] as const
const state = new Option('--state <state>', 'only those of which this is true').choices(
  STATES.map(stateText),
)

interface Options {
  readonly state?: string
  readonly broker?: number
  readonly topic?: string
}

export function listPartitions(): Command {
  return new Command('list')
    .summary('list partitions of all tenants')
    .description(
      'Lists partitions with their leaders and replicas. Needs the operator key. With --json: one a\n' +
        'line, with ids and epochs.',
    )
    .addOption(state)
    .option('--broker <id>', 'only those with a replica on it', parseInteger)
    .option('--topic <topic>', TOPIC_HELP)
    .addHelpText(
      'after',
      examples(
        'courant partitions list --state under-replicated',
        'courant partitions list --topic default/orders',
      ),
    )
    .action(inSession(run))
}

async function run(session: Session, options: Options): Promise<void> {
  const { broker: brokerId, topic } = options
  const filters = {
    ...(brokerId === undefined ? {} : { brokerId }),
    ...(topic === undefined ? {} : { topicId: await topicIdOf(session, topic) }),
    ...stateFilter(options.state),
  }
  await printPartitions(session, await everyPartition(session, filters))
}

function stateFilter(text: string | undefined): { state?: (typeof STATES)[number] } {
  const found = STATES.find((name) => stateText(name) === text)
  return found === undefined ? {} : { state: found }
}

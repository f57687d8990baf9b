import { Command } from 'commander'
import { parseInteger } from '../../arguments.ts'
import { examples } from '../../help.ts'
import { printResults } from '../../operators/reassignment-results.ts'
import { TOPIC_HELP, topicIdOf } from '../../operators/topic-id.ts'
import { inSession, type Session } from '../../session.ts'

export function cancelReassignments(): Command {
  return new Command('cancel')
    .summary('take the move of a partition back')
    .description(
      'The partition is on the replicas that it had before. A drain moves it again: end that first,\n' +
        'with brokers undrain. Needs the operator key.',
    )
    .argument('<topic>', TOPIC_HELP)
    .argument('<partition>', 'counted from 0', parseInteger)
    .addHelpText('after', examples('courant reassign cancel default/orders 3'))
    .action(inSession(run))
}

async function run(session: Session, topic: string, partition: number): Promise<void> {
  const partitions = [{ topicId: await topicIdOf(session, topic), partition }]
  const { results } = await session.call(
    'write',
    (api) => api.POST('/v1/cluster/reassignments/cancel', { body: { partitions } }),
    'operator',
  )
  await printResults(
    session,
    results,
    ({ replicas }) => `${topic}, partition ${partition}: stays on ${replicas.join(',')}.`,
  )
}

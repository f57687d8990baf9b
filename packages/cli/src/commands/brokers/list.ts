import { Command } from 'commander'
import { examples } from '../../help.ts'
import { printBrokers } from '../../operators/print-brokers.ts'
import { inSession, type Session } from '../../session.ts'

export function listBrokers(): Command {
  return new Command('list')
    .summary('list brokers with what they hold')
    .description(
      'Lists brokers: their states, the partitions that each leads, is to lead, and has replicas\n' +
        'of. Needs the operator key. With --json: one a line.',
    )
    .addHelpText('after', examples('courant brokers list'))
    .action(inSession(run))
}

async function run(session: Session): Promise<void> {
  const { brokers } = await session.call(
    'read',
    (api) => api.GET('/v1/cluster/brokers'),
    'operator',
  )
  await printBrokers(session, brokers)
}

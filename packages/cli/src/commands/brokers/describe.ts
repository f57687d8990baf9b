import { Command } from 'commander'
import { parseInteger } from '../../arguments.ts'
import { examples } from '../../help.ts'
import { everyPartition } from '../../operators/every-partition.ts'
import { printBrokers } from '../../operators/print-brokers.ts'
import { printPartitions } from '../../operators/print-partitions.ts'
import { inSession, type Session } from '../../session.ts'

export function describeBroker(): Command {
  return new Command('describe')
    .summary('show a broker and its partitions')
    .description(
      'Shows a broker and every partition that it has a replica of. Needs the operator key. With\n' +
        '--json: the broker alone.',
    )
    .argument('<id>', 'number of the broker', parseInteger)
    .addHelpText('after', examples('courant brokers describe 2'))
    .action(inSession(run))
}

async function run(session: Session, brokerId: number): Promise<void> {
  const broker = await session.call(
    'read',
    (api) => api.GET('/v1/cluster/brokers/{brokerId}', { params: { path: { brokerId } } }),
    'operator',
  )
  if (session.json) return session.object(broker)
  await printBrokers(session, [broker])
  await session.line('')
  await printPartitions(session, await everyPartition(session, { brokerId }))
}

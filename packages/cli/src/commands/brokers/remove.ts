import { Command } from 'commander'
import { parseInteger } from '../../arguments.ts'
import { examples } from '../../help.ts'
import { inSession, type Session } from '../../session.ts'

export function removeBroker(): Command {
  return new Command('remove')
    .summary('forget a broker that is drained and stopped')
    .description(
      'Forgets a broker. It is refused while the broker is alive or has replicas. Needs the operator\n' +
        'key.',
    )
    .argument('<id>', 'number of the broker', parseInteger)
    .addHelpText('after', examples('courant brokers remove 2'))
    .action(inSession(run))
}

async function run(session: Session, brokerId: number): Promise<void> {
  await session.call(
    'write',
    (api) => api.DELETE('/v1/cluster/brokers/{brokerId}', { params: { path: { brokerId } } }),
    'operator',
  )
  if (session.json) return session.object({ brokerId, removed: true })
  await session.line(`Removed broker ${brokerId}.`)
}

import { Command } from 'commander'
import { parseInteger } from '../../arguments.ts'
import { examples } from '../../help.ts'
import { formatAmount } from '../../output/format.ts'
import { inSession, type Session } from '../../session.ts'

export function undrainBroker(): Command {
  return new Command('undrain')
    .summary('end the drain of a broker')
    .description(
      'The broker may get replicas again; what has moved does not come back by itself. Needs the\n' +
        'operator key.',
    )
    .argument('<id>', 'number of the broker', parseInteger)
    .addHelpText('after', examples('courant brokers undrain 2'))
    .action(inSession(run))
}

async function run(session: Session, brokerId: number): Promise<void> {
  const broker = await session.call(
    'write',
    (api) => api.POST('/v1/cluster/brokers/{brokerId}/undrain', { params: { path: { brokerId } } }),
    'operator',
  )
  if (session.json) return session.object(broker)
  const held = formatAmount(broker.replicas, 'replica')
  await session.line(`Broker ${brokerId} is not drained; it has ${held}.`)
}

import { Argument, Command } from 'commander'
import { parsePositive } from '../../arguments.ts'
import {
  type ClusterOptions,
  DATA_DIRECTORY_OPTION,
  ROLES,
} from '../../cluster/cluster-directory.ts'
import { type ClusterProcess, order } from '../../cluster/orders.ts'
import { printProcesses } from '../../cluster/print-processes.ts'
import { usageError } from '../../failure.ts'
import { examples } from '../../help.ts'
import { inSession, type Session } from '../../session.ts'

export function stopCluster(): Command {
  return new Command('stop')
    .summary('stop a local cluster, or one process of it')
    .description(
      'Stops a local cluster in order: gateways, brokers, control planes, database. With a role and\n' +
        'a number: that process alone, until it is started again.',
    )
    .addArgument(new Argument('[role]').choices(ROLES))
    .argument('[id]', 'its number, as in cluster status', parsePositive)
    .option(...DATA_DIRECTORY_OPTION)
    .addHelpText('after', examples('courant cluster stop', 'courant cluster stop broker 3'))
    .action(inSession(run))
}

async function run(
  session: Session,
  role: string | undefined,
  id: number | undefined,
  options: ClusterOptions,
): Promise<void> {
  if (role === undefined) {
    await order(session, options, 'POST', '/stop')
    if (!session.json) await session.line('Stopped.')
    return
  }
  if (id === undefined) throw usageError(`Which ${role}?`, 'Give its number, as in cluster status.')
  const path = `/processes/${encodeURIComponent(role)}/${id}/stop`
  await printProcesses(session, [await order<ClusterProcess>(session, options, 'POST', path)])
}

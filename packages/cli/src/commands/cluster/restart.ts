import { Argument, Command } from 'commander'
import { parsePositive } from '../../arguments.ts'
import {
  type ClusterOptions,
  DATA_DIRECTORY_OPTION,
  ROLES,
} from '../../cluster/cluster-directory.ts'
import { type ClusterProcess, order } from '../../cluster/orders.ts'
import { printProcesses } from '../../cluster/print-processes.ts'
import { examples } from '../../help.ts'
import { inSession, type Session } from '../../session.ts'

export function restartProcess(): Command {
  return new Command('restart')
    .summary('start a process of a local cluster again')
    .description(
      'Starts a process again, after stopping it in order if it runs, and waits until it serves.',
    )
    .addArgument(new Argument('<role>').choices(ROLES))
    .argument('<id>', 'its number, as in cluster status', parsePositive)
    .option(...DATA_DIRECTORY_OPTION)
    .addHelpText('after', examples('courant cluster restart broker 2'))
    .action(inSession(run))
}

async function run(
  session: Session,
  role: string,
  id: number,
  options: ClusterOptions,
): Promise<void> {
  const path = `/processes/${encodeURIComponent(role)}/${id}/restart`
  await printProcesses(session, [await order<ClusterProcess>(session, options, 'POST', path)])
}

import { Argument, Command } from 'commander'
import { type ClusterOptions, DATA_DIRECTORY_OPTION } from '../../cluster/cluster-directory.ts'
import { type ClusterProcess, order } from '../../cluster/orders.ts'
import { printProcesses } from '../../cluster/print-processes.ts'
import { examples } from '../../help.ts'
import { inSession, type Session } from '../../session.ts'

export function addProcess(): Command {
  return new Command('add')
    .summary('add a broker or a gateway to a local cluster')
    .description(
      'Adds a process under the next number, and waits until it serves. A broker is started again\n' +
        'with the cluster as long as its directory is there; a gateway is there until the stop.',
    )
    .addArgument(new Argument('<role>').choices(['broker', 'gateway']))
    .option(...DATA_DIRECTORY_OPTION)
    .addHelpText('after', examples('courant cluster add broker'))
    .action(inSession(run))
}

async function run(session: Session, role: string, options: ClusterOptions): Promise<void> {
  const path = `/processes/${encodeURIComponent(role)}`
  await printProcesses(session, [await order<ClusterProcess>(session, options, 'POST', path)])
}

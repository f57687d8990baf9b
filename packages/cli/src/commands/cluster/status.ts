import { Command } from 'commander'
import { type ClusterOptions, DATA_DIRECTORY_OPTION } from '../../cluster/cluster-directory.ts'
import { type ClusterProcess, order } from '../../cluster/orders.ts'
import { printProcesses } from '../../cluster/print-processes.ts'
import { examples } from '../../help.ts'
import { inSession, type Session } from '../../session.ts'

export function clusterStatus(): Command {
  return new Command('status')
    .summary('show the processes of a local cluster')
    .description(
      'Shows each process of a local cluster, and whether it serves. With --json: one a line.',
    )
    .option(...DATA_DIRECTORY_OPTION)
    .addHelpText('after', examples('courant cluster status'))
    .action(inSession(run))
}

async function run(session: Session, options: ClusterOptions): Promise<void> {
  const { processes } = await order<{ readonly processes: readonly ClusterProcess[] }>(
    session,
    options,
    'GET',
    '/processes',
  )
  await printProcesses(session, processes)
}

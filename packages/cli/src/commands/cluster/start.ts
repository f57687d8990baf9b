import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { Command } from 'commander'
import { parseInteger, parsePositive } from '../../arguments.ts'
import {
  type ClusterOptions,
  clusterDirectory,
  DATA_DIRECTORY_OPTION,
} from '../../cluster/cluster-directory.ts'
import { exitStatusOf, Failure } from '../../failure.ts'
import { examples } from '../../help.ts'
import { inSession, type Session } from '../../session.ts'

interface Options extends ClusterOptions {
  readonly brokers?: number
  readonly gateways?: number
  readonly controlPlanes?: number
  readonly racks?: string
  readonly portOffset?: number
  readonly supervise?: true
}

/** In the repository; a process of its own, since a command may not depend on the services. */
const SUPERVISOR = join(
  import.meta.dirname,
  '../../../../../services/standalone/src/cluster/main.ts',
)

export function startCluster(): Command {
  return new Command('start')
    .summary('start a local cluster (the default)')
    .description(
      'Starts a cluster of real processes on this machine, on a PostgreSQL of its own, prints a\n' +
        'table of them, and runs until Ctrl-C. What they keep is in the data directory, and there\n' +
        'cluster.json names processes and keys.',
    )
    .option(...DATA_DIRECTORY_OPTION)
    .option('--brokers <count>', 'default: 3', parsePositive)
    .option('--gateways <count>', 'default: 2', parsePositive)
    .option('--control-planes <count>', 'default: 2', parsePositive)
    .option('--racks <names>', 'racks of the brokers, in turn; default: one each')
    .option('--port-offset <count>', 'added to every port, for a second cluster', parseInteger)
    .option('--supervise', 'start a process again that ends by itself')
    .addHelpText(
      'after',
      examples(
        'courant cluster',
        'courant cluster start --brokers 5 --racks a,b,c',
        'courant cluster start --data-dir /tmp/second --port-offset 1000',
      ),
    )
    .action(inSession(run))
}

async function run(session: Session, options: Options): Promise<void> {
  const { env, cwd } = session.terminal
  const child = spawn(process.execPath, [SUPERVISOR], {
    cwd,
    env: { ...env, ...settingsOf(session, options) },
    stdio: 'inherit',
  })
  handOnSignals(session, (signal) => child.kill(signal))
  await new Promise<void>((resolve, reject) => {
    child.once('error', ({ message }) => reject(new Failure(`It cannot be started: ${message}`)))
    child.once('exit', (status, signal) => {
      process.exitCode = signal === null ? (status ?? 0) : exitStatusOf(signal)
      resolve()
    })
  })
}

/** Flags as the environment that the supervisor reads. */
function settingsOf(session: Session, options: Options): Readonly<Record<string, string>> {
  const { brokers, gateways, controlPlanes, racks, portOffset, supervise } = options
  const settings = {
    COURANT_DATA_DIR: clusterDirectory(options, session),
    COURANT_CLUSTER_BROKERS: brokers,
    COURANT_CLUSTER_GATEWAYS: gateways,
    COURANT_CLUSTER_CONTROL_PLANES: controlPlanes,
    COURANT_CLUSTER_RACKS: racks,
    COURANT_CLUSTER_PORT_OFFSET: portOffset,
    COURANT_CLUSTER_SUPERVISE: supervise && 'on',
  }
  const given = Object.entries(settings).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given.map(([name, value]) => [name, String(value)]))
}

/** What is typed at a terminal reaches the child from there; handed on, it would arrive twice. */
function handOnSignals({ terminal }: Session, handOn: (signal: NodeJS.Signals) => void): void {
  const { stdin, stdout, stderr } = terminal.isTerminal
  const isAtTerminal = stdin || stdout || stderr
  process.on('SIGINT', (signal) => isAtTerminal || handOn(signal))
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, handOn)
}

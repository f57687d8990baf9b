import { Command } from 'commander'
import manifest from '#manifest' with { type: 'json' }
import { describeBroker } from './commands/brokers/describe.ts'
import { drainBroker } from './commands/brokers/drain.ts'
import { listBrokers } from './commands/brokers/list.ts'
import { removeBroker } from './commands/brokers/remove.ts'
import { undrainBroker } from './commands/brokers/undrain.ts'
import { addProcess } from './commands/cluster/add.ts'
import { restartProcess } from './commands/cluster/restart.ts'
import { restoreCluster } from './commands/cluster/restore.ts'
import { startCluster } from './commands/cluster/start.ts'
import { clusterStatus } from './commands/cluster/status.ts'
import { stopCluster } from './commands/cluster/stop.ts'
import { consumeCommand } from './commands/consume.ts'
import { electPreferred } from './commands/elect/preferred.ts'
import { electUnclean } from './commands/elect/unclean.ts'
import { deleteGroup } from './commands/groups/delete.ts'
import { describeGroup } from './commands/groups/describe.ts'
import { explainGroup } from './commands/groups/explain.ts'
import { groupLag } from './commands/groups/lag.ts'
import { listGroups } from './commands/groups/list.ts'
import { resetGroup } from './commands/groups/reset.ts'
import { createKey } from './commands/keys/create.ts'
import { listKeys } from './commands/keys/list.ts'
import { revokeKey } from './commands/keys/revoke.ts'
import { offsetsCommand } from './commands/offsets.ts'
import { listPartitions } from './commands/partitions/list.ts'
import { produceCommand } from './commands/produce.ts'
import { cancelReassignments } from './commands/reassign/cancel.ts'
import { listReassignments } from './commands/reassign/list.ts'
import { startReassignment } from './commands/reassign/start.ts'
import { reassignmentThrottle } from './commands/reassign/throttle.ts'
import { createTenant } from './commands/tenants/create.ts'
import { listTenants } from './commands/tenants/list.ts'
import { addPartitions } from './commands/topics/add-partitions.ts'
import { alterTopic } from './commands/topics/alter.ts'
import { createTopic } from './commands/topics/create.ts'
import { deleteTopic } from './commands/topics/delete.ts'
import { deleteRecords } from './commands/topics/delete-records.ts'
import { describeTopic } from './commands/topics/describe.ts'
import { heaviestKeys } from './commands/topics/keys.ts'
import { listTopics } from './commands/topics/list.ts'
import { examples } from './help.ts'

const SETTINGS = `
Where the server is, in this order:
  --url, --api-key                        flags
  COURANT_URL, COURANT_API_KEY            the environment (operators: COURANT_OPERATOR_KEY)
  credentials.json                        in COURANT_DATA_DIR, else in .courant here or further up;
                                          npm start writes it

Errors go to the standard error; with --json as the problem document of the server.
Exit status: 0 done, 1 failed, 2 used wrongly, 128 + n ended by signal n (130 for Ctrl-C).`

/** The tree of commands. What one of them needs to run is loaded when it runs. */
export function createProgram(): Command {
  const program = new Command('courant')
    .description('Topics, records and keys of a Courant event bus.')
    .option('--url <url>', 'server, such as http://127.0.0.1:8080')
    .option('--api-key <key>', 'crt_<id>_<secret>; others can see it in the list of processes')
    .option('--json', 'print JSON: one object, or one a line')
    .version(manifest.version, '-V, --version', 'print the version of this command')
    .helpCommand(false)
    .addHelpText('after', SETTINGS)
    .addHelpText(
      'after',
      examples(
        'courant topics create orders --partitions 12',
        `echo '{"id":"cust-9","total":4200}' | courant produce orders --key-field id`,
        'courant consume orders --keys',
      ),
    )
  program.addCommand(
    group('topics', 'Create, change and delete topics.', [
      createTopic(),
      listTopics(),
      describeTopic(),
      alterTopic(),
      addPartitions(),
      heaviestKeys(),
      deleteRecords(),
      deleteTopic(),
    ]),
  )
  program.addCommand(produceCommand())
  program.addCommand(consumeCommand())
  program.addCommand(offsetsCommand())
  program.addCommand(
    group('groups', 'Look after consumer groups and their lag.', [
      listGroups(),
      describeGroup(),
      groupLag(),
      explainGroup(),
      resetGroup(),
      deleteGroup(),
    ]),
  )
  program.addCommand(
    group('keys', 'Create, list and revoke API keys.', [createKey(), listKeys(), revokeKey()]),
  )
  program.addCommand(
    group('tenants', 'Create and list tenants; needs the operator key.', [
      createTenant(),
      listTenants(),
    ]),
  )
  for (const ofOperators of operatorGroups()) program.addCommand(ofOperators)
  program.addCommand(clusterGroup())
  for (const command of everyCommand(program)) {
    command
      .exitOverride()
      .configureHelp({ showGlobalOptions: true })
      .showHelpAfterError('Add --help to see how it is used.')
  }
  return program
}

/** The command and all below it, in the order of the help. */
export function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)]
}

/** On a cluster wherever it runs, through its API. */
function operatorGroups(): Command[] {
  return [
    group('brokers', 'See, drain and remove brokers; needs the operator key.', [
      listBrokers(),
      describeBroker(),
      drainBroker(),
      undrainBroker(),
      removeBroker(),
    ]),
    group('partitions', 'See the partitions of all tenants; needs the operator key.', [
      listPartitions(),
    ]),
    group('reassign', 'Move partitions to other brokers; needs the operator key.', [
      startReassignment(),
      listReassignments(),
      cancelReassignments(),
      reassignmentThrottle(),
    ]),
    group('elect', 'Elect leaders of partitions; needs the operator key.', [
      electPreferred(),
      electUnclean(),
    ]),
  ]
}

/** `courant cluster` alone starts one. */
function clusterGroup(): Command {
  return new Command('cluster')
    .description('Run a cluster of processes on this machine; restore any.')
    .helpCommand(false)
    .addCommand(startCluster(), { isDefault: true })
    .addCommand(clusterStatus())
    .addCommand(restartProcess())
    .addCommand(addProcess())
    .addCommand(stopCluster())
    .addCommand(restoreCluster())
}

function group(name: string, description: string, commands: readonly Command[]): Command {
  const parent = new Command(name).description(description).helpCommand(false)
  for (const command of commands) parent.addCommand(command)
  return parent
}

import { Command, Option } from 'commander'
import { collectPairs, parseInteger } from '../arguments.ts'
import { examples } from '../help.ts'
import { inSession } from '../session.ts'

export function produceCommand(): Command {
  return new Command('produce')
    .summary('write the lines of the standard input as records')
    .description(
      'Writes each line of the standard input as a record and waits until all of them are safe. ' +
        'Lines are sent while they are read, so input of any length takes little memory. Each ' +
        'line that could not be written is named, and then the exit status is 1.',
    )
    .argument('<topic>')
    .addOption(
      new Option(
        '-f, --format <format>',
        'what a line is: text, any value; json, a value that must be JSON, null a tombstone; ' +
          'record, a record as consume --json prints it (default: text; with --key-field: json)',
      ).choices(['text', 'json', 'record']),
    )
    .option('--key-field <name>', 'member of a JSON line that is its key, or a JSON pointer')
    .option('-k, --key <key>', 'one key for all records')
    .option('-p, --partition <index>', 'one partition for all records', parseInteger)
    .option('-H, --header <name=value>', 'a header for all records; may be repeated', collectPairs)
    .addOption(
      new Option('--acks <who>', 'who must have a record before it counts as written')
        .choices(['all', 'leader'])
        .default('all'),
    )
    .addOption(
      new Option('--on-error <action>', 'behind a line that failed')
        .choices(['continue', 'stop'])
        .default('continue'),
    )
    .addHelpText('after', '\nWith --json: one object a line for each record, and one for all.')
    .addHelpText(
      'after',
      examples(
        'echo "hello" | courant produce greetings',
        'courant produce orders --key-field customerId < orders.ndjson',
        'courant produce orders --key-field /customer/id < orders.ndjson',
        'courant consume orders --json | courant produce copy --format record',
      ),
    )
    .action(
      inSession(async (session, topic: string, options) => {
        const { runProduce } = await import('../produce/run.ts')
        await runProduce(session, topic, options)
      }),
    )
}

import { Command } from 'commander'
import { parsePartitions, parsePositive, parseTime } from '../arguments.ts'
import { parseStart } from '../consume/start.ts'
import { examples } from '../help.ts'
import { inSession } from '../session.ts'

export function consumeCommand(): Command {
  return new Command('consume')
    .summary('print the records of a topic')
    .description(
      'Prints the values of all partitions, a line each: of a partition in the order of offsets, ' +
        'across partitions by timestamp as far as that goes. Ends where the topic ended when it ' +
        'was called, or never with --follow. Reads without a group: nothing is remembered.',
    )
    .argument('<topic>')
    .option(
      '--from <where>',
      'earliest, latest, or an offset of one partition',
      parseStart,
      'earliest',
    )
    .option(
      '--since <time>',
      'from a time on: 2026-11-24T09:30:00Z, or 30m for so long ago',
      parseTime,
    )
    .option('-p, --partition <index>', 'only these: 3 or 0,3,5; may be repeated', parsePartitions)
    .option('-n, --max <count>', 'end after so many records', parsePositive)
    .option('-F, --follow', 'wait for more; survives a restart of the server')
    .option('--keys', 'print the key and a tab before each value')
    .addHelpText(
      'after',
      '\nWith --json: whole records, a line each, as produce --format record takes.',
    )
    .addHelpText(
      'after',
      examples(
        'courant consume orders --keys',
        'courant consume orders --from latest --follow',
        'courant consume orders --since 30m --json | jq .value',
        'courant consume orders --partition 3 --from 41209 --max 1',
      ),
    )
    .action(
      inSession(async (session, topic: string, options) => {
        const { runConsume } = await import('../consume/run.ts')
        await runConsume(session, topic, options)
      }),
    )
}

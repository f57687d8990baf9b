import { Command } from 'commander'
import { parsePartitions, parsePositive, parseTime } from '../arguments.ts'
import { parseStart } from '../consume/start.ts'
import { usageError } from '../failure.ts'
import { examples } from '../help.ts'
import { inSession } from '../session.ts'

export function consumeCommand(): Command {
  return new Command('consume')
    .summary('print the records of a topic, or of several as a member of a group')
    .description(
      'Prints the values of all partitions, a line each: of a partition in the order of offsets, ' +
        'across partitions by timestamp as far as that goes. Ends where the topic ended when it ' +
        'was called, or never with --follow. Without a group nothing is remembered. As a member of a ' +
        'group it reads its share of the topics from the committed offsets on, commits what it has ' +
        'printed, and ends at --max or by Ctrl-C.',
    )
    .argument('<topic...>', 'several only with --group')
    .option('-g, --group <group>', 'as a member of this consumer group')
    .option(
      '--from <where>',
      'earliest, latest, or an offset of one partition; of a group where it has no offset yet',
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
      '\nWith --json: whole records, a line each, as produce --format record takes. Of several ' +
        'topics each has its topic in front.',
    )
    .addHelpText(
      'after',
      examples(
        'courant consume orders --keys',
        'courant consume orders --from latest --follow',
        'courant consume orders --since 30m --json | jq .value',
        'courant consume orders --partition 3 --from 41209 --max 1',
        'courant consume orders payments --group billing',
      ),
    )
    .action(
      inSession(async (session, topics: readonly string[], { group, ...options }) => {
        if (group !== undefined) {
          const { runGroupConsume } = await import('../consume/group/run.ts')
          return runGroupConsume(session, group, topics, options)
        }
        const [topic = '', another] = topics
        if (another !== undefined) throw usageError('Several topics are read with --group only.')
        const { runConsume } = await import('../consume/run.ts')
        await runConsume(session, topic, options)
      }),
    )
}

import { Command, InvalidArgumentError, Option } from 'commander'
import { parseInteger, parsePartitions, parseTime } from '../../arguments.ts'
import { usageError } from '../../failure.ts'
import { examples } from '../../help.ts'
import { inSession, type Session } from '../../session.ts'

interface Options {
  readonly to?: 'earliest' | 'latest'
  readonly toTime?: number
  readonly toOffset?: number
  readonly shift?: number
  readonly toGroup?: string
  readonly topic?: string
  readonly partition?: readonly number[]
  readonly execute?: true
  readonly takeover?: true
}

export function resetGroup(): Command {
  return new Command('reset')
    .summary('move the committed offsets of a group')
    .description(
      'Shows where the committed offsets would go, and moves them with --execute. A group with ' +
        'members is refused, unless --takeover removes them first: what they still hold can no ' +
        'longer be committed, and they join anew with their next polls.',
    )
    .argument('<group>')
    .addOption(new Option('--to <end>', 'an end of the log').choices(['earliest', 'latest']))
    .option('--to-time <time>', 'the first record of this time or younger', parseTime)
    .option('--to-offset <n>', 'an offset', parseInteger)
    .option('--shift <n>', 'so many records forwards, or backwards as in --shift=-100', parseShift)
    .option('--to-group <group>', 'where another group is')
    .option('--topic <topic>', 'only of this topic')
    .option('-p, --partition <n,...>', 'only these of the topic', parsePartitions)
    .option('--execute', 'move them; else only show what would be moved')
    .option('--takeover', 'also when the group has members')
    .addHelpText(
      'after',
      examples(
        'courant groups reset billing --to earliest',
        'courant groups reset billing --to-time 30m --topic orders --execute',
        'courant groups reset billing --shift=-100 --execute --takeover',
      ),
    )
    .action(inSession(run))
}

async function run(session: Session, group: string, options: Options): Promise<void> {
  const { topic, partition: partitions, execute, takeover } = options
  if (partitions !== undefined && topic === undefined) {
    throw usageError('--partition needs --topic.', 'Partitions are counted within a topic.')
  }
  const body = {
    ...targetOf(options),
    ...(topic === undefined ? {} : { topic }),
    ...(partitions === undefined ? {} : { partitions: [...partitions] }),
    dryRun: execute !== true,
    fenceMembers: takeover === true,
  }
  const params = { path: { group } }
  const done = await session.call('write', (api) =>
    api.POST('/v1/groups/{group}/offsets/reset', { params, body }),
  )
  if (session.json) return session.object(done)
  const { printTable } = await import('../../output/table.ts')
  await printTable(
    session,
    [
      { title: 'GROUP', cell: () => group },
      { title: 'TOPIC', cell: ({ topic: of }) => of },
      { title: 'PARTITION', align: 'right', cell: ({ partition }) => partition },
      { title: 'CURRENT-OFFSET', align: 'right', cell: ({ from }) => from ?? '-' },
      { title: 'NEW-OFFSET', align: 'right', cell: ({ to }) => to },
    ],
    done.partitions,
  )
  if (done.dryRun) session.note('Nothing was moved. Add --execute to do it.')
}

/** What the body says of where to; exactly one of the options does. */
function targetOf({ to, toTime, toOffset, shift, toGroup }: Options) {
  const targets = [
    ...(to === undefined ? [] : [{ to }]),
    ...(toTime === undefined ? [] : [{ to: 'timestamp' as const, timestamp: toTime }]),
    ...(toOffset === undefined ? [] : [{ to: 'offset' as const, offset: toOffset }]),
    ...(shift === undefined ? [] : [{ to: 'shift' as const, shiftBy: shift }]),
    ...(toGroup === undefined ? [] : [{ to: 'group' as const, fromGroup: toGroup }]),
  ]
  const [target, another] = targets
  if (target !== undefined && another === undefined) return target
  throw usageError('Say one of --to, --to-time, --to-offset, --shift and --to-group.')
}

function parseShift(text: string): number {
  const value = Number(text)
  if (/^[+-]?\d+$/.test(text) && Number.isSafeInteger(value)) return value
  throw new InvalidArgumentError('It must be a whole number, such as -100.')
}

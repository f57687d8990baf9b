import { Command } from 'commander'
import { parseTime } from '../arguments.ts'
import { examples } from '../help.ts'
import { formatCount } from '../output/format.ts'
import { inSession, type Session } from '../session.ts'

interface Options {
  readonly at?: number
}

interface Row {
  readonly partition: number
  readonly earliest: number
  readonly latest: number
  /** Of the first record at or after the time that was asked for. */
  readonly offset?: number | null
}

export function offsetsCommand(): Command {
  return new Command('offsets')
    .summary('show where each partition begins and ends')
    .description(
      'Shows for each partition the offset of its first record and of its end. With --json: one a ' +
        'line.',
    )
    .argument('<topic>')
    .option('--at <time>', 'and of the first record of this time or younger', parseTime)
    .addHelpText(
      'after',
      examples('courant offsets orders', 'courant offsets orders --at 2026-11-24T09:30:00Z'),
    )
    .action(inSession(run))
}

async function run(session: Session, topic: string, { at }: Options): Promise<void> {
  const { listOffsets } = await import('../client/list-offsets.ts')
  const [earliest, latest, found] = await Promise.all([
    listOffsets(session, topic, { from: 'earliest' }),
    listOffsets(session, topic, { from: 'latest' }),
    at === undefined ? null : listOffsets(session, topic, { timestamp: at }),
  ])
  const rows = latest.map(
    (end, partition): Row => ({
      partition,
      earliest: earliest[partition] ?? 0,
      latest: end ?? 0,
      ...(found === null ? {} : { offset: found[partition] ?? null }),
    }),
  )
  if (session.json) {
    for (const row of rows) await session.object(row)
    return
  }
  const { printTable } = await import('../output/table.ts')
  await printTable(
    session,
    [
      { title: 'PARTITION', align: 'right', cell: ({ partition }) => partition },
      { title: 'EARLIEST', align: 'right', cell: (row) => row.earliest },
      { title: 'LATEST', align: 'right', cell: (row) => row.latest },
      ...(found === null
        ? []
        : [
            { title: 'AT TIME', align: 'right' as const, cell: (row: Row) => row.offset ?? 'none' },
          ]),
    ],
    rows,
  )
  const held = rows.reduce((sum, row) => sum + row.latest - row.earliest, 0)
  await session.line(`\n${formatCount(held)} offsets in all.`)
}

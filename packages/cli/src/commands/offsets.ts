import { Command } from 'commander'
import { parseTime } from '../arguments.ts'
import type { FoundOffset } from '../client/list-offsets.ts'
import { Failure } from '../failure.ts'
import { examples } from '../help.ts'
import { formatCount } from '../output/format.ts'
import { inSession, type Session } from '../session.ts'

interface Options {
  readonly at?: number
}

interface Row {
  readonly partition: number
  readonly earliest: FoundOffset
  readonly latest: FoundOffset
  /** Of the first record at or after the time that was asked for. */
  readonly offset?: FoundOffset
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
      earliest: earliest[partition] ?? null,
      latest: end,
      ...(found === null ? {} : { offset: found[partition] ?? null }),
    }),
  )
  if (session.json) for (const row of rows) await session.object(objectOf(row))
  else await printRows(session, rows)
  const failure = rows.map(failureIn).find((one) => one !== null)
  if (failure !== undefined) throw failure
}

async function printRows(session: Session, rows: readonly Row[]): Promise<void> {
  const { printTable } = await import('../output/table.ts')
  const atTime = { title: 'AT TIME', align: 'right' as const, cell: (row: Row) => text(row.offset) }
  await printTable(
    session,
    [
      { title: 'PARTITION', align: 'right', cell: ({ partition }) => partition },
      { title: 'EARLIEST', align: 'right', cell: (row) => text(row.earliest) },
      { title: 'LATEST', align: 'right', cell: (row) => text(row.latest) },
      ...(rows[0]?.offset === undefined ? [] : [atTime]),
    ],
    rows,
  )
  const held = rows.reduce((sum, row) => sum + Number(row.latest) - Number(row.earliest), 0)
  if (Number.isSafeInteger(held)) await session.line(`\n${formatCount(held)} offsets in all.`)
}

function text(found: FoundOffset | undefined): string | number {
  return found instanceof Failure ? 'unknown' : (found ?? 'none')
}

function failureIn({ earliest, latest, offset }: Row): Failure | null {
  return [earliest, latest, offset].find((found) => found instanceof Failure) ?? null
}

/** What programs get: the offsets, or why they are not known. */
function objectOf(row: Row): object {
  const failure = failureIn(row)
  return failure === null ? row : { partition: row.partition, problem: failure.problem }
}

import { systemClock, wait } from '@courant/kernel'
import { Command } from 'commander'
import { parseDuration } from '../../arguments.ts'
import { Failure, isPassing } from '../../failure.ts'
import type { LagRow } from '../../groups/lag-table.ts'
import { examples } from '../../help.ts'
import type { Column } from '../../output/table.ts'
import { inSession, type Session } from '../../session.ts'

interface Options {
  readonly watch?: true
  readonly every: number
}

export function groupLag(): Command {
  return new Command('lag')
    .summary('show how far groups are behind')
    .description(
      'Shows for each partition the committed offset, the end of the log, the lag in records and ' +
        'in time, and the member that owns it; of all groups when none is named. With --watch again ' +
        'and again until Ctrl-C, with how the lag has changed. With --json: one partition a line.',
    )
    .argument('[group]')
    .option('-w, --watch', 'show it again and again')
    .option('--every <duration>', 'how often', parseDuration, 2_000)
    .addHelpText('after', examples('courant groups lag billing', 'courant groups lag --watch'))
    .action(inSession(run))
}

async function run(
  session: Session,
  group: string | undefined,
  { watch, every }: Options,
): Promise<void> {
  if (!watch) return show(session, await lagOf(session, group), [])
  const { trendColumn } = await import('../../groups/lag-table.ts')
  const interrupted = session.untilInterrupted()
  let before: LagRow[] = []
  while (!interrupted.aborted) {
    try {
      const rows = await lagOf(session, group)
      if (session.terminal.isTerminal.stdout && !session.json) await session.write(CLEAR_SCREEN)
      await show(session, rows, [trendColumn(before)])
      before = rows
    } catch (error) {
      if (!isPassing(error)) throw error
      session.note(`${error.message} Trying again.`)
    }
    await wait(systemClock, every, interrupted)
  }
}

/** The cursor to the upper left, and nothing below it. */
const CLEAR_SCREEN = '\x1b[H\x1b[J'

async function lagOf(session: Session, group: string | undefined): Promise<LagRow[]> {
  const { readLag } = await import('../../groups/lag-table.ts')
  if (group !== undefined) return readLag(session, group)
  const { everyPage } = await import('../../client/every-page.ts')
  const groups = await everyPage(async (query) => {
    const page = await session.call('read', (api) => api.GET('/v1/groups', { params: { query } }))
    return { items: page.groups, nextCursor: page.nextCursor }
  })
  const rows: LagRow[] = []
  for (const { group: name } of groups) {
    rows.push(...(await readLag(session, name).catch(noneIfDeleted)))
  }
  return rows
}

/** A group may be deleted after it was listed. */
function noneIfDeleted(error: unknown): LagRow[] {
  if (error instanceof Failure && error.problem?.code === 'GROUP_NOT_FOUND') return []
  throw error
}

async function show(
  session: Session,
  rows: readonly LagRow[],
  more: readonly Column<LagRow>[],
): Promise<void> {
  if (session.json) {
    for (const row of rows) await session.object(row)
    return
  }
  const { LAG_COLUMNS } = await import('../../groups/lag-table.ts')
  const { printTable } = await import('../../output/table.ts')
  await printTable(session, [...LAG_COLUMNS, ...more], rows)
}

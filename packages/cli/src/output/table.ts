import Table from 'cli-table3'
import type { Session } from '../session.ts'

export interface Column<Row> {
  readonly title: string
  readonly align?: 'left' | 'right'
  readonly cell: (row: Row) => string | number
}

const NO_LINES = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
}

/** Columns without lines: easy on the eye, and for awk and cut. */
export async function printTable<Row>(
  session: Session,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): Promise<void> {
  const table = new Table({
    head: columns.map(({ title }) => session.colours.bold(title)),
    colAligns: columns.map(({ align }) => align ?? 'left'),
    chars: NO_LINES,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  })
  for (const row of rows) table.push(columns.map(({ cell }) => String(cell(row))))
  const lines = table.toString().split('\n')
  await session.line(lines.map((line) => line.trimEnd()).join('\n'))
}

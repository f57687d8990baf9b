import { formatDuration } from '../output/format.ts'
import type { Column } from '../output/table.ts'
import type { Session } from '../session.ts'

/** How far a group is in one partition. Null: not known, or nothing was committed. */
export interface LagRow {
  readonly group: string
  readonly topic: string
  readonly partition: number
  readonly committedOffset: number | null
  readonly logEndOffset: number | null
  readonly lagRecords: number | null
  readonly lagMs: number | null
  readonly owner: string | null
  readonly lagTrend: LagTrend | null
}

/** Over the last minute, as the coordinator of the group sampled it. */
interface LagTrend {
  readonly direction: 'GROWING' | 'SHRINKING' | 'STEADY'
  readonly recordsPerSecond: number
}

export async function readLag(session: Session, group: string): Promise<LagRow[]> {
  const params = { path: { group } }
  const { partitions } = await session.call('read', (api) =>
    api.GET('/v1/groups/{group}', { params }),
  )
  return partitions.map(
    ({ topic, partition, committedOffset, logEndOffset, lagRecords, lagMs, owner, lagTrend }) => ({
      group,
      topic,
      partition,
      committedOffset,
      logEndOffset,
      lagRecords,
      lagMs,
      owner,
      lagTrend,
    }),
  )
}

export const LAG_COLUMNS: readonly Column<LagRow>[] = [
  { title: 'GROUP', cell: ({ group }) => group },
  { title: 'TOPIC', cell: ({ topic }) => topic },
  { title: 'PARTITION', align: 'right', cell: ({ partition }) => partition },
  { title: 'CURRENT-OFFSET', align: 'right', cell: (row) => row.committedOffset ?? '-' },
  { title: 'LOG-END-OFFSET', align: 'right', cell: (row) => row.logEndOffset ?? '-' },
  { title: 'LAG', align: 'right', cell: ({ lagRecords }) => lagRecords ?? '-' },
  {
    title: 'LAG-TIME',
    align: 'right',
    cell: ({ lagMs }) => (lagMs === null ? '-' : formatDuration(lagMs)),
  },
  { title: 'OWNER', cell: ({ owner }) => owner ?? '-' },
]

/** `growing 12.5/s`: so many records a second more behind, over the last minute. */
export const SAMPLED_TREND: Column<LagRow> = {
  title: 'TREND',
  cell: ({ lagTrend }) => trendText(lagTrend),
}

export function trendText(trend: LagTrend | null): string {
  if (trend === null) return '-'
  const { direction, recordsPerSecond } = trend
  if (direction === 'STEADY') return 'steady'
  return `${direction.toLowerCase()} ${Math.abs(recordsPerSecond).toFixed(1)}/s`
}

/** `+12`: so many records more behind than the time before. */
export function trendColumn(before: readonly LagRow[]): Column<LagRow> {
  const lags = new Map(before.map((row) => [keyOf(row), row.lagRecords]))
  const cell = (row: LagRow): string => {
    const last = lags.get(keyOf(row)) ?? null
    if (last === null || row.lagRecords === null) return '-'
    const change = row.lagRecords - last
    return change > 0 ? `+${change}` : String(change)
  }
  return { title: 'TREND', align: 'right', cell }
}

function keyOf({ group, topic, partition }: LagRow): string {
  return `${group}/${topic}/${partition}`
}

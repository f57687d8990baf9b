import { limits } from '@courant/kernel'
import type { Metrics } from '@courant/service-kit'
import type { GroupLag, PositionLag } from './lag-sample.ts'
import type { LagSampler } from './lag-sampler.ts'

interface Series {
  readonly of: GroupLag
  readonly position: PositionLag
}

const GROUP_LABELS = ['tenant', 'group'] as const
const POSITION_LABELS = [...GROUP_LABELS, 'topic', 'partition'] as const

/** Exports the last sample, the groups and partitions with the most lag first if not all can be. */
export function observeLag(
  metrics: Metrics,
  sampler: Pick<LagSampler, 'current'>,
  max: number = limits.lagSeriesMax,
): void {
  observePositions(metrics, sampler, max)
  observeGroups(metrics, sampler, max)
  const leftOut = {
    name: 'courant_group_lag_series_left_out',
    help: 'Partitions of groups, and groups, with the least lag that are beyond the limit of series.',
  }
  metrics.observeSeries({ ...leftOut, labels: ['by'] }, () => [
    { labels: { by: 'partition' }, value: Math.max(0, positionsOf(sampler).length - max) },
    { labels: { by: 'group' }, value: Math.max(0, groupsOf(sampler).length - max) },
  ])
  const unsampled = {
    name: 'courant_group_lag_unsampled',
    help: 'Partitions of groups that are beyond the limit of what is sampled.',
  }
  metrics.observe(unsampled, () => sampler.current?.unread ?? 0)
}

function observePositions(
  metrics: Metrics,
  sampler: Pick<LagSampler, 'current'>,
  max: number,
): void {
  const gauge = (name: string, help: string, read: (lag: PositionLag) => number): void =>
    metrics.observeSeries(
      { name: `courant_group_lag_${name}`, help, labels: POSITION_LABELS },
      () =>
        most(positionsOf(sampler), ({ position }) => position.records, max).map(
          ({ of: { tenant, group }, position }) => ({
            labels: { tenant, group, topic: position.topic, partition: String(position.partition) },
            value: read(position),
          }),
        ),
    )
  gauge('records', 'Records from the committed offset to the end.', ({ records }) => records)
  gauge(
    'seconds',
    'Age of the oldest record that is not committed; at least, if it is older than the samples.',
    ({ age }) => age.ms / 1_000,
  )
}

function observeGroups(metrics: Metrics, sampler: Pick<LagSampler, 'current'>, max: number): void {
  const gauge = (name: string, help: string, read: (lag: GroupLag) => number): void =>
    metrics.observeSeries({ name: `courant_group_${name}`, help, labels: GROUP_LABELS }, () =>
      most(groupsOf(sampler), ({ records }) => records, max).map((lag) => ({
        labels: { tenant: lag.tenant, group: lag.group },
        value: read(lag),
      })),
    )
  gauge('sum_lag_records', 'Lag of all partitions of a group together.', ({ records }) => records)
  gauge('max_lag_records', 'Of the partition with the most.', ({ recordsMax }) => recordsMax)
  gauge('max_lag_seconds', 'Of the furthest behind.', ({ ageMax }) => ageMax.ms / 1_000)
}

/** A shard that was given away or lost since is another's to report. */
function groupsOf({ current }: Pick<LagSampler, 'current'>): GroupLag[] {
  return [...(current?.groups.values() ?? [])].filter(({ term }) => term.isHeld)
}

function positionsOf(sampler: Pick<LagSampler, 'current'>): Series[] {
  return groupsOf(sampler).flatMap((of) =>
    [...of.positions.values()].map((position) => ({ of, position })),
  )
}

function most<Item>(
  items: readonly Item[],
  records: (item: Item) => number,
  max: number,
): readonly Item[] {
  if (items.length <= max) return items
  return items.toSorted((one, other) => records(other) - records(one)).slice(0, max)
}

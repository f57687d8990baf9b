/** Goal: the number of series has a bound, what has the most lag stays, and the rest is counted. */
import { Metrics } from '@courant/service-kit'
import { expect, it } from 'vitest'
import { ShardTerm } from '../leases/shard-term.ts'
import { observeLag } from './lag-metrics.ts'
import { type GroupLag, NO_LAG } from './lag-sample.ts'

const lease = { instanceId: 'i', validUntilMs: 1_000 }

function group(name: string, term: ShardTerm, lags: readonly number[]): GroupLag {
  const points = [{ atMs: 0, records: 0 }]
  const position = (records: number, partition: number) => ({
    ...{ topicId: 't', topic: 'orders', partition, records, age: NO_LAG, points },
  })
  return {
    ...{ term, tenantId: 'id', tenant: 'acme', group: name, points, isPartial: false },
    positions: new Map(lags.map((lag, index) => [`t/${index}`, position(lag, index)])),
    records: lags.reduce((sum, lag) => sum + lag, 0),
    recordsMax: Math.max(...lags),
    ageMax: NO_LAG,
  }
}

function observed(groups: readonly GroupLag[], max: number, unread = 0): Metrics {
  const metrics = new Metrics()
  const byName = new Map(groups.map((each) => [each.group, each]))
  observeLag(metrics, { current: { atMs: 0, groups: byName, unread } }, max)
  return metrics
}

async function lines(metrics: Metrics, name: string): Promise<string[]> {
  const text = await metrics.text()
  return text.split('\n').filter((line) => line.startsWith(name) && !line.startsWith('#'))
}

it('exports those with the most lag, and how many it leaves out', async () => {
  const term = new ShardTerm({ shard: 1, epoch: 1 }, lease, () => 0)
  const groups = [group('a', term, [5, 900]), group('b', term, [70, 3]), group('c', term, [1])]
  const metrics = observed(groups, 2, 40)
  const label = '{tenant="acme",group="'
  expect(await lines(metrics, 'courant_group_lag_records')).toEqual([
    `courant_group_lag_records${label}a",topic="orders",partition="1"} 900`,
    `courant_group_lag_records${label}b",topic="orders",partition="0"} 70`,
  ])
  expect(await lines(metrics, 'courant_group_sum_lag_records')).toEqual([
    `courant_group_sum_lag_records${label}a"} 905`,
    `courant_group_sum_lag_records${label}b"} 73`,
  ])
  expect(await lines(metrics, 'courant_group_lag_series_left_out')).toEqual([
    'courant_group_lag_series_left_out{by="partition"} 3',
    'courant_group_lag_series_left_out{by="group"} 1',
  ])
  expect(await lines(metrics, 'courant_group_lag_unsampled')).toEqual([
    'courant_group_lag_unsampled 40',
  ])
})

it('says nothing of a group that another control plane may have by now', async () => {
  const kept = new ShardTerm({ shard: 1, epoch: 1 }, lease, () => 0)
  const lost = new ShardTerm({ shard: 2, epoch: 1 }, lease, () => 0)
  const metrics = observed([group('a', kept, [5]), group('b', lost, [6])], 10)
  expect(await lines(metrics, 'courant_group_sum_lag_records')).toHaveLength(2)
  lost.end()
  expect(await lines(metrics, 'courant_group_sum_lag_records')).toHaveLength(1)
})

import type { components } from '@courant/api/openapi'
import type { Session } from '../session.ts'

export type ClusterPartition = components['schemas']['ClusterPartition']

/** As a table; with `--json`, one object a line. */
export async function printPartitions(
  session: Session,
  partitions: readonly ClusterPartition[],
): Promise<void> {
  if (session.json) {
    for (const partition of partitions) await session.object(partition)
    return
  }
  const { printTable } = await import('../output/table.ts')
  await printTable(
    session,
    [
      { title: 'TOPIC', cell: ({ tenant, topic }) => `${tenant ?? '?'}/${topic}` },
      { title: 'PARTITION', align: 'right', cell: ({ partition }) => partition },
      { title: 'LEADER', align: 'right', cell: ({ leader }) => leader ?? 'none' },
      { title: 'EPOCH', align: 'right', cell: ({ leaderEpoch }) => leaderEpoch },
      { title: 'REPLICAS', cell: ({ replicas }) => replicas.join(',') },
      { title: 'IN SYNC', cell: ({ inSyncReplicas }) => inSyncReplicas.join(',') },
      { title: 'ADDED', cell: ({ addingReplicas }) => addingReplicas.join(',') || '-' },
      { title: 'LEAVING', cell: ({ removingReplicas }) => removingReplicas.join(',') || '-' },
      { title: 'STATE', cell: ({ states }) => states.map(stateText).join(', ') || 'ok' },
    ],
    partitions,
  )
}

/** `UNDER_REPLICATED` as the option of `partitions list` spells it. */
export function stateText(state: string): string {
  return state.toLowerCase().replaceAll('_', '-')
}

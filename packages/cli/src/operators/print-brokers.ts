import type { components } from '@courant/api/openapi'
import type { Session } from '../session.ts'

export type ClusterBroker = components['schemas']['ClusterBroker']

/** As a table; with `--json`, one object a line. */
export async function printBrokers(
  session: Session,
  brokers: readonly ClusterBroker[],
): Promise<void> {
  if (session.json) {
    for (const broker of brokers) await session.object(broker)
    return
  }
  const { printTable } = await import('../output/table.ts')
  await printTable(
    session,
    [
      { title: 'BROKER', align: 'right', cell: ({ brokerId }) => brokerId },
      { title: 'STATE', cell: ({ state }) => state.toLowerCase() },
      { title: 'DRAIN', cell: ({ drain }) => (drain === 'NONE' ? '-' : drain.toLowerCase()) },
      { title: 'ADDRESS', cell: ({ host, port }) => `${host}:${port}` },
      { title: 'RACK', cell: ({ rack }) => rack || '-' },
      { title: 'EPOCH', align: 'right', cell: ({ brokerEpoch }) => brokerEpoch },
      { title: 'LEADS', align: 'right', cell: ({ leaders }) => leaders },
      { title: 'PREFERRED', align: 'right', cell: ({ preferredLeaders }) => preferredLeaders },
      { title: 'REPLICAS', align: 'right', cell: ({ replicas }) => replicas },
      { title: 'IN SYNC', align: 'right', cell: ({ replicasInSync }) => replicasInSync },
    ],
    brokers,
  )
}

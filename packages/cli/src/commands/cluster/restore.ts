import type { paths } from '@courant/api/openapi'
import { Command } from 'commander'
import { examples } from '../../help.ts'
import { stateText } from '../../operators/print-partitions.ts'
import { formatAmount, formatCount } from '../../output/format.ts'
import { inSession, type Session } from '../../session.ts'

interface Options {
  readonly acceptDataLoss?: boolean
}

type Report = paths['/v1/cluster/restore']['post']['responses'][200]['content']['application/json']

export function restoreCluster(): Command {
  return new Command('restore')
    .summary('go on with an old backup of the database')
    .description(
      'For a cluster, wherever it runs, that answers METADATA_ROLLBACK and whose newest database is\n' +
        'lost. Asks every broker for its logs, shows what would be done, and does it only with\n' +
        '--accept-data-loss. Brokers that do not answer must stay stopped until then. Needs the\n' +
        'operator key.',
    )
    .option('--accept-data-loss', 'do it; what was made after the backup is lost for good')
    .addHelpText(
      'after',
      examples('courant cluster restore', 'courant cluster restore --accept-data-loss'),
    )
    .action(inSession(run))
}

async function run(session: Session, { acceptDataLoss = false }: Options): Promise<void> {
  const report = await session.call(
    'write',
    (api) => api.POST('/v1/cluster/restore', { body: { acceptDataLoss } }),
    'operator',
  )
  if (session.json) return session.object(report)
  if (!report.wentBack) {
    return session.line('Nothing to do: the database has not gone back in time.')
  }
  await printTotals(session, report)
  await printTopics(session, report)
  await session.line(
    report.restored
      ? '\nRestored: the cluster goes on. Offsets of groups went back: their members read again.'
      : '\nNothing was done. To go on with this database: --accept-data-loss.',
  )
}

async function printTotals(session: Session, report: Report): Promise<void> {
  const { partitions, partitionsBehind, silentBrokers } = report
  await session.line(
    `The database is at version ${formatCount(report.metadataVersion)}, ` +
      `${formatCount(report.seenVersion)} was seen. ` +
      `${formatAmount(partitions, 'partition')}, ${formatCount(partitionsBehind)} behind.`,
  )
  if (silentBrokers.length === 0) return
  const verb = silentBrokers.length === 1 ? 'broker does' : 'brokers do'
  await session.line(
    `${silentBrokers.length} ${verb} not answer, or not vouch for the disk: ` +
      `${silentBrokers.join(', ')}. Keep them stopped until it is done.`,
  )
}

interface Row {
  readonly topic: string
  readonly partition: string
  readonly brokers: readonly number[]
  readonly what: string
}

/** What each topic has to expect that is not as if nothing had been. */
async function printTopics(session: Session, { findings, unknownTopics }: Report): Promise<void> {
  const rows: Row[] = [
    ...findings.map((finding) => ({
      topic: `${finding.tenant ?? '?'}/${finding.topic}`,
      partition: String(finding.partition),
      brokers: finding.replicas,
      what: stateText(finding.kind),
    })),
    ...unknownTopics.map(({ topicId, topic, tenant, brokers, partitions }) => ({
      topic: topic === null ? topicId : `${tenant ?? '?'}/${topic}`,
      partition: `all ${partitions}`,
      brokers,
      what: 'unknown',
    })),
  ]
  if (rows.length === 0) return
  const { printTable } = await import('../../output/table.ts')
  await session.line('')
  await printTable(
    session,
    [
      { title: 'TOPIC', cell: ({ topic }) => topic },
      { title: 'PARTITION', align: 'right', cell: ({ partition }) => partition },
      { title: 'BROKERS', cell: ({ brokers }) => brokers.join(',') },
      { title: 'BECOMES', cell: ({ what }) => what },
    ],
    rows,
  )
}

import { Command } from 'commander'
import { LAG_COLUMNS, SAMPLED_TREND } from '../../groups/lag-table.ts'
import { examples } from '../../help.ts'
import { inSession, type Session } from '../../session.ts'

export function describeGroup(): Command {
  return new Command('describe')
    .summary('show who reads what of a group, and how far behind')
    .description(
      'Shows for each partition the committed offset, the end of the log, the lag in records and ' +
        'in time, the member that owns it, and whether the lag grew over the last minute.',
    )
    .argument('<group>')
    .addHelpText('after', examples('courant groups describe billing'))
    .action(inSession(run))
}

async function run(session: Session, group: string): Promise<void> {
  const params = { path: { group } }
  const described = await session.call('read', (api) => api.GET('/v1/groups/{group}', { params }))
  if (session.json) return session.object(described)
  const { printTable } = await import('../../output/table.ts')
  const rows = described.partitions.map((partition) => ({ group, ...partition }))
  await printTable(session, [...LAG_COLUMNS, SAMPLED_TREND], rows)
}

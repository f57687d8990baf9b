import { Command } from 'commander'
import { everyPage } from '../../client/every-page.ts'
import { examples } from '../../help.ts'
import { formatTime } from '../../output/format.ts'
import { inSession, type Session } from '../../session.ts'

export function listTenants(): Command {
  return new Command('list')
    .summary('list tenants')
    .description('Lists all tenants. Needs the operator key. With --json: one a line.')
    .addHelpText('after', examples('courant tenants list'))
    .action(inSession(run))
}

async function run(session: Session): Promise<void> {
  const tenants = await everyPage(async (query) => {
    const page = await session.call(
      'read',
      (api) => api.GET('/v1/tenants', { params: { query } }),
      'operator',
    )
    return { items: page.tenants, nextCursor: page.nextCursor }
  })
  if (session.json) {
    for (const tenant of tenants) await session.object(tenant)
    return
  }
  const { printTable } = await import('../../output/table.ts')
  await printTable(
    session,
    [
      { title: 'TENANT', cell: ({ name }) => name },
      { title: 'ID', cell: ({ tenantId }) => tenantId },
      { title: 'CREATED', cell: ({ createdAt }) => formatTime(createdAt) },
    ],
    tenants,
  )
}

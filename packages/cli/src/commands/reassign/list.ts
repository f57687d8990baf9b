import { Command } from 'commander'
import { everyPage } from '../../client/every-page.ts'
import { examples } from '../../help.ts'
import { printPartitions } from '../../operators/print-partitions.ts'
import { inSession, type Session } from '../../session.ts'

export function listReassignments(): Command {
  return new Command('list')
    .summary('list partitions that move')
    .description(
      'Lists partitions that move to other brokers, those of drains among them. Needs the operator\n' +
        'key. With --json: one a line.',
    )
    .addHelpText('after', examples('courant reassign list'))
    .action(inSession(run))
}

async function run(session: Session): Promise<void> {
  const moving = await everyPage(async (cursor) => {
    const query = { limit: 1_000, ...cursor }
    const page = await session.call(
      'read',
      (api) => api.GET('/v1/cluster/reassignments', { params: { query } }),
      'operator',
    )
    return { items: page.reassignments, nextCursor: page.nextCursor }
  })
  await printPartitions(session, moving)
}

import { Command } from 'commander'
import { confirm } from '../../confirm.ts'
import { examples } from '../../help.ts'
import { inSession, type Session } from '../../session.ts'

interface Options {
  readonly yes?: true
}

export function deleteGroup(): Command {
  return new Command('delete')
    .summary('delete a group with its committed offsets')
    .description('Deletes a group without members, and its offsets. This cannot be undone.')
    .argument('<group>')
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', examples('courant groups delete billing'))
    .action(inSession(run))
}

async function run(session: Session, group: string, { yes }: Options): Promise<void> {
  await confirm(session, yes, `Deleting the group ${group}`)
  await session.call('write', (api) =>
    api.DELETE('/v1/groups/{group}', { params: { path: { group } } }),
  )
  if (session.json) return session.object({ group, deleted: true })
  await session.line(`Deleted group ${group}.`)
}

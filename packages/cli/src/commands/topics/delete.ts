import { Command } from 'commander'
import { confirm } from '../../confirm.ts'
import { examples } from '../../help.ts'
import { inSession, type Session } from '../../session.ts'

interface Options {
  readonly yes?: true
}

export function deleteTopic(): Command {
  return new Command('delete')
    .summary('delete a topic with its records')
    .description('Deletes a topic and all its records. This cannot be undone.')
    .argument('<topic>')
    .option('-y, --yes', 'do not ask')
    .addHelpText(
      'after',
      examples('courant topics delete orders', 'courant topics delete orders -y'),
    )
    .action(inSession(run))
}

async function run(session: Session, topic: string, { yes }: Options): Promise<void> {
  await confirm(session, yes, `Deleting the topic ${topic}`)
  await session.call('write', (api) =>
    api.DELETE('/v1/topics/{topic}', { params: { path: { topic } } }),
  )
  if (session.json) return session.object({ topic, deleted: true })
  await session.line(`Deleted topic ${topic}.`)
}

import { Command } from 'commander'
import { parseDuration } from '../../arguments.ts'
import { examples } from '../../help.ts'
import { inSession, type Session } from '../../session.ts'

interface Options {
  readonly expiresIn?: number
}

export function createKey(): Command {
  return new Command('create')
    .summary('create an API key')
    .description(
      'Creates an API key of this tenant. The key is shown here and never again; alone on the ' +
        'standard output, so that it can be caught in a variable.',
    )
    .argument('<name>', 'what it is for')
    .option('--expires-in <duration>', 'such as 24h or 90d; default: never', parseDuration)
    .addHelpText(
      'after',
      examples(
        'courant keys create "checkout service" --expires-in 90d',
        'key=$(courant keys create ci --expires-in 1h)',
      ),
    )
    .action(inSession(run))
}

async function run(session: Session, name: string, { expiresIn }: Options): Promise<void> {
  const expiresAt = expiresIn === undefined ? {} : { expiresAt: Date.now() + expiresIn }
  const created = await session.call('write', (api) =>
    api.POST('/v1/api-keys', { body: { name, ...expiresAt } }),
  )
  if (session.json) return session.object(created)
  session.note(`Key ${created.keyId}. It is shown once:`)
  await session.line(created.apiKey)
}

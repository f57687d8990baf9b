import { Command } from 'commander'
import { collectNames, collectSettings } from '../../arguments.ts'
import { usageError } from '../../failure.ts'
import { examples } from '../../help.ts'
import { inSession, type Session } from '../../session.ts'

interface Options {
  readonly config?: Record<string, string | number>
  readonly reset?: readonly string[]
}

export function alterTopic(): Command {
  return new Command('alter')
    .summary('change settings of a topic')
    .description('Changes the settings that are named; all others stay. Safe to repeat.')
    .argument('<topic>')
    .option('-c, --config <name=value>', 'a setting; may be repeated', collectSettings)
    .option('--reset <names>', 'settings that return to their defaults', collectNames)
    .addHelpText(
      'after',
      examples(
        'courant topics alter orders --config retentionMs=3600000',
        'courant topics alter orders --reset retentionMs,retentionBytes',
      ),
    )
    .action(inSession(run))
}

async function run(session: Session, topic: string, options: Options): Promise<void> {
  const { config: set = {}, reset = [] } = options
  const config = { ...set, ...Object.fromEntries(reset.map((name) => [name, null])) }
  const names = Object.keys(config)
  if (names.length === 0) throw usageError('Say what to change with --config or --reset.')
  const altered = await session.call('write', (api) =>
    api.PATCH('/v1/topics/{topic}', { params: { path: { topic } }, body: { config } }),
  )
  if (session.json) return session.object(altered)
  for (const name of names) await session.line(`${topic}: ${name} = ${altered.config[name]}`)
}

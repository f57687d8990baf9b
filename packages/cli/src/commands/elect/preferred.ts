import { Command } from 'commander'
import { collectNames } from '../../arguments.ts'
import { examples } from '../../help.ts'
import { TOPIC_HELP, topicIdOf } from '../../operators/topic-id.ts'
import { formatAmount } from '../../output/format.ts'
import { inSession, type Session } from '../../session.ts'

interface Options {
  readonly topic?: readonly string[]
}

export function electPreferred(): Command {
  return new Command('preferred')
    .summary('give leaderships back to preferred leaders')
    .description(
      'Lets the first replica of each partition lead, where it is in sync. The cluster does so by\n' +
        'itself, a few at a time. Needs the operator key. Safe to repeat.',
    )
    .option('--topic <topic>', `only of this; may be repeated: ${TOPIC_HELP}`, collectNames)
    .addHelpText(
      'after',
      examples('courant elect preferred', 'courant elect preferred --topic default/orders'),
    )
    .action(inSession(run))
}

async function run(session: Session, { topic }: Options): Promise<void> {
  const topicIds = topic && (await Promise.all(topic.map((name) => topicIdOf(session, name))))
  const answer = await session.call(
    'write',
    (api) =>
      api.POST('/v1/cluster/elections/preferred', {
        body: topicIds === undefined ? {} : { topicIds },
      }),
    'operator',
  )
  if (session.json) return session.object(answer)
  await session.line(`${formatAmount(answer.elected, 'leadership')} moved.`)
}

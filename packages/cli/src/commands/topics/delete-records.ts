import { Command } from 'commander'
import { parseInteger } from '../../arguments.ts'
import { confirm } from '../../confirm.ts'
import { examples } from '../../help.ts'
import { inSession, type Session } from '../../session.ts'

interface Options {
  readonly partition: number
  readonly before: number | 'latest'
  readonly yes?: true
}

export function deleteRecords(): Command {
  return new Command('delete-records')
    .summary('delete the oldest records of a partition')
    .description(
      'Moves the start of the log forward. Offsets of what remains do not change. This cannot be ' +
        'undone.',
    )
    .argument('<topic>')
    .requiredOption('--partition <index>', 'counted from 0', parseInteger)
    .requiredOption('--before <offset>', 'records below it; "latest": all of them', parseBefore)
    .option('-y, --yes', 'do not ask')
    .addHelpText(
      'after',
      examples('courant topics delete-records orders --partition 3 --before 41209'),
    )
    .action(inSession(run))
}

async function run(session: Session, topic: string, options: Options): Promise<void> {
  const { partition, before, yes } = options
  const which = before === 'latest' ? 'all records' : `the records before offset ${before}`
  await confirm(session, yes, `Deleting ${which} of ${topic}, partition ${partition},`)
  const answer = await session.call('write', (api) =>
    api.POST('/v1/topics/{topic}/partitions/{partition}/records/delete', {
      params: { path: { topic, partition } },
      body: { beforeOffset: before },
    }),
  )
  if (session.json) return session.object(answer)
  await session.line(`${topic}, partition ${partition}: now begins at ${answer.logStartOffset}.`)
}

function parseBefore(text: string): number | 'latest' {
  return text === 'latest' ? text : parseInteger(text)
}

import { Command } from 'commander'
import { parseInteger } from '../../arguments.ts'
import { examples } from '../../help.ts'
import { inSession, type Session } from '../../session.ts'

interface Options {
  readonly partition?: number
  readonly limit: number
}

export function heaviestKeys(): Command {
  return new Command('keys')
    .summary('show the heaviest keys of the partitions of a topic')
    .description(
      'Shows which keys most of what was written in the last minutes carries, by records and by ' +
        'bytes. The numbers of a key are estimates from a sample. With --json: one partition a line.',
    )
    .argument('<topic>')
    .option('--partition <index>', 'only this one, counted from 0', parseInteger)
    .option('--limit <count>', 'keys of each partition', parseInteger, 5)
    .addHelpText('after', examples('courant topics keys orders --partition 3'))
    .action(inSession(run))
}

async function run(session: Session, topic: string, { partition, limit }: Options): Promise<void> {
  const answers = []
  for (const index of await partitionsOf(session, topic, partition)) {
    const params = { path: { topic, partition: index }, query: { limit } }
    const answer = await session.call('read', (api) =>
      api.GET('/v1/topics/{topic}/partitions/{partition}/keys', { params }),
    )
    if (session.json) await session.object(answer)
    else answers.push(answer)
  }
  if (session.json) return
  const rows = answers.flatMap((answer) => answer.keys.map((key) => ({ ...answer, ...key })))
  const { printTable } = await import('../../output/table.ts')
  await printTable(
    session,
    [
      { title: 'PARTITION', align: 'right', cell: (row) => row.partition },
      { title: 'KEY', cell: ({ key, keyBase64 }) => key ?? `base64:${keyBase64}` },
      { title: 'RECORDS', align: 'right', cell: (row) => row.records },
      { title: 'OF ALL', align: 'right', cell: ({ recordsShare }) => percent(recordsShare) },
      { title: 'BYTES', align: 'right', cell: (row) => row.bytes },
      { title: 'OF ALL', align: 'right', cell: ({ bytesShare }) => percent(bytesShare) },
    ],
    rows,
  )
}

async function partitionsOf(
  session: Session,
  topic: string,
  partition: number | undefined,
): Promise<readonly number[]> {
  if (partition !== undefined) return [partition]
  const described = await session.call('read', (api) =>
    api.GET('/v1/topics/{topic}', { params: { path: { topic } } }),
  )
  return described.partitionDetails.map((detail) => detail.partition)
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}

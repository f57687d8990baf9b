import { Command } from 'commander'
import { everyPage } from '../../client/every-page.ts'
import { examples } from '../../help.ts'
import { formatTime } from '../../output/format.ts'
import { inSession, type Session } from '../../session.ts'

export function listKeys(): Command {
  return new Command('list')
    .summary('list API keys')
    .description(
      'Lists the API keys of this tenant, without their secrets. With --json: one a line.',
    )
    .addHelpText('after', examples('courant keys list'))
    .action(inSession(run))
}

async function run(session: Session): Promise<void> {
  const keys = await everyPage(async (query) => {
    const page = await session.call('read', (api) => api.GET('/v1/api-keys', { params: { query } }))
    return { items: page.apiKeys, nextCursor: page.nextCursor }
  })
  if (session.json) {
    for (const key of keys) await session.object(key)
    return
  }
  const { printTable } = await import('../../output/table.ts')
  await printTable(
    session,
    [
      { title: 'KEY', cell: ({ keyId }) => keyId },
      { title: 'NAME', cell: ({ name }) => name },
      { title: 'CREATED', cell: ({ createdAt }) => formatTime(createdAt) },
      {
        title: 'EXPIRES',
        cell: ({ expiresAt }) => (expiresAt === null ? 'never' : formatTime(expiresAt)),
      },
    ],
    keys,
  )
}

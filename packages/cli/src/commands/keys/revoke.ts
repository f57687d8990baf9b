import { Command } from 'commander'
import { examples } from '../../help.ts'
import { inSession, type Session } from '../../session.ts'

export function revokeKey(): Command {
  return new Command('revoke')
    .summary('revoke an API key')
    .description('Revokes an API key by its id, the part between the underscores.')
    .argument('<key-id>')
    .addHelpText('after', examples('courant keys revoke V1StGXR8Z5jdHi6B'))
    .action(inSession(run))
}

async function run(session: Session, keyId: string): Promise<void> {
  await session.call('write', (api) =>
    api.DELETE('/v1/api-keys/{keyId}', { params: { path: { keyId } } }),
  )
  if (session.json) return session.object({ keyId, revoked: true })
  await session.line(`Revoked key ${keyId}.`)
}

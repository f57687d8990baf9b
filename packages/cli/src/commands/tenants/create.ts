import { Command } from 'commander'
import { examples } from '../../help.ts'
import { inSession, type Session } from '../../session.ts'

export function createTenant(): Command {
  return new Command('create')
    .summary('create a tenant')
    .description(
      'Creates a tenant with a first API key, which is shown here and never again. Needs the ' +
        'operator key. A repeat shows the tenant, but not the key.',
    )
    .argument('<name>', 'unique on the platform')
    .addHelpText('after', examples('courant tenants create acme'))
    .action(inSession(run))
}

async function run(session: Session, name: string): Promise<void> {
  const created = await session.call(
    'write',
    (api) => api.POST('/v1/tenants', { body: { name } }),
    'operator',
  )
  if (session.json) return session.object(created)
  if (!('apiKey' in created)) return session.line(`Tenant ${created.name} was there already.`)
  session.note(`Tenant ${created.name}. Its API key is shown once:`)
  await session.line(String(created.apiKey))
}

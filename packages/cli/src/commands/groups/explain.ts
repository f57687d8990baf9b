import { Command } from 'commander'
import { examples } from '../../help.ts'
import { inSession, type Session } from '../../session.ts'

export function explainGroup(): Command {
  return new Command('explain')
    .summary('find out why a group lags')
    .description('Shows why a group lags, the worst reason first, with what to do about it.')
    .argument('<group>')
    .addHelpText('after', examples('courant groups explain billing'))
    .action(inSession(run))
}

async function run(session: Session, group: string): Promise<void> {
  const params = { path: { group } }
  const explained = await session.call('read', (api) =>
    api.GET('/v1/groups/{group}/explain', { params }),
  )
  if (session.json) return session.object(explained)
  const { bold } = session.colours
  for (const { code, detail, numbers, remedy, keys } of explained.findings) {
    await session.line(`${bold(code)}: ${detail}`)
    const told = Object.entries(numbers).map(([name, value]) => `${name} ${value}`)
    if (told.length > 0) await session.line(`  ${told.join(', ')}`)
    for (const { key, keyBase64, recordsShare } of keys ?? []) {
      const share = `${(100 * recordsShare).toFixed(1)} %`
      await session.line(`  ${share.padStart(7)}  ${key ?? `base64:${keyBase64}`}`)
    }
    await session.line(`  ${remedy}`)
  }
}

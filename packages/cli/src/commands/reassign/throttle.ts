import { Command, InvalidArgumentError } from 'commander'
import { parsePositive } from '../../arguments.ts'
import { examples } from '../../help.ts'
import { formatCount } from '../../output/format.ts'
import { inSession, type Session } from '../../session.ts'

type Rate = number | 'off'

export function reassignmentThrottle(): Command {
  return new Command('throttle')
    .summary('show or set how fast partitions move')
    .description(
      'What each broker may fetch for the replicas that are added to it, by moves and by drains.\n' +
        'Without an argument: shows it. Needs the operator key.',
    )
    .argument('[bytes-per-second]', 'a number, or "off" for no limit', parseRate)
    .addHelpText(
      'after',
      examples('courant reassign throttle 50000000', 'courant reassign throttle off'),
    )
    .action(inSession(run))
}

async function run(session: Session, rate: Rate | undefined): Promise<void> {
  const throttle = await (rate === undefined ? read(session) : set(session, rate))
  if (session.json) return session.object(throttle)
  const { bytesPerSecond } = throttle
  await session.line(
    bytesPerSecond === null
      ? 'Partitions move without a limit.'
      : `Each broker fetches at most ${formatCount(bytesPerSecond)} bytes/s for moves.`,
  )
}

function read(session: Session) {
  return session.call('read', (api) => api.GET('/v1/cluster/reassignments/throttle'), 'operator')
}

function set(session: Session, rate: Rate) {
  const body = { bytesPerSecond: rate === 'off' ? null : rate }
  return session.call(
    'write',
    (api) => api.PATCH('/v1/cluster/reassignments/throttle', { body }),
    'operator',
  )
}

function parseRate(text: string): Rate {
  if (text === 'off') return text
  if (/^\d+$/.test(text)) return parsePositive(text)
  throw new InvalidArgumentError('It must be bytes per second, or "off".')
}

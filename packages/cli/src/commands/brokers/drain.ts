import { Command } from 'commander'
import { parseDuration, parseInteger } from '../../arguments.ts'
import { Failure } from '../../failure.ts'
import { examples } from '../../help.ts'
import { type ClusterBroker, printBrokers } from '../../operators/print-brokers.ts'
import { waitFor } from '../../operators/wait-for.ts'
import { formatAmount } from '../../output/format.ts'
import { inSession, type Session } from '../../session.ts'

interface Options {
  readonly wait?: true
  readonly timeout?: number
}

export function drainBroker(): Command {
  return new Command('drain')
    .summary('move everything off a broker')
    .description(
      'From now on the broker gets no replicas, and those that it has move to others, while it\n' +
        'serves on. Needs the operator key. Safe to repeat, also to wait for a drain that runs.',
    )
    .argument('<id>', 'number of the broker', parseInteger)
    .option('-w, --wait', 'until the broker is empty, and show how far it is')
    .option('--timeout <duration>', 'with --wait: no longer than this, such as 30m', parseDuration)
    .addHelpText('after', examples('courant brokers drain 2 --wait'))
    .action(inSession(run))
}

async function run(session: Session, brokerId: number, options: Options): Promise<void> {
  const started = await session.call(
    'write',
    (api) => api.POST('/v1/cluster/brokers/{brokerId}/drain', { params: { path: { brokerId } } }),
    'operator',
  )
  if (!options.wait) return tell(session, started)
  const done = await waitFor(session, {
    what: `Draining broker ${brokerId}.`,
    read: () => readBroker(session, brokerId),
    text: ({ replicas }) =>
      `Draining broker ${brokerId}: ${formatAmount(replicas, 'replica')} left.`,
    isDone: isDrained,
    timeoutMs: options.timeout,
  })
  if (done !== null) await tell(session, done)
}

function readBroker(session: Session, brokerId: number): Promise<ClusterBroker> {
  return session.call(
    'read',
    (api) => api.GET('/v1/cluster/brokers/{brokerId}', { params: { path: { brokerId } } }),
    'operator',
  )
}

function isDrained({ brokerId, drain, replicas }: ClusterBroker): boolean {
  if (drain !== 'NONE') return drain === 'DRAINED'
  throw new Failure(`Somebody has ended the drain of broker ${brokerId}.`, {
    advice: `It has ${formatAmount(replicas, 'replica')}.`,
  })
}

async function tell(session: Session, broker: ClusterBroker): Promise<void> {
  if (session.json) return printBrokers(session, [broker])
  const { brokerId, drain, replicas } = broker
  const text =
    drain === 'DRAINED'
      ? `Broker ${brokerId} is empty.`
      : `Draining broker ${brokerId}: ${formatAmount(replicas, 'replica')} left.`
  await session.line(text)
}

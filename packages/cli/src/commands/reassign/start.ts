import { Command } from 'commander'
import { parseDuration, parseInteger, parseNumbers } from '../../arguments.ts'
import { examples } from '../../help.ts'
import { everyPartition } from '../../operators/every-partition.ts'
import { printResults } from '../../operators/reassignment-results.ts'
import { TOPIC_HELP, topicIdOf } from '../../operators/topic-id.ts'
import { waitFor } from '../../operators/wait-for.ts'
import { inSession, type Session } from '../../session.ts'

interface Options {
  readonly replicas: readonly number[]
  readonly wait?: true
  readonly timeout?: number
}

export function startReassignment(): Command {
  return new Command('start')
    .summary('move a partition to other brokers')
    .description(
      'Gives a partition other replicas: new ones are added, catch up, and only then the others\n' +
        'leave. The same brokers in another order change the preferred leader. Needs the operator\n' +
        'key.',
    )
    .argument('<topic>', TOPIC_HELP)
    .argument('<partition>', 'counted from 0', parseInteger)
    .requiredOption(
      '--replicas <ids>',
      'brokers that are to have it, preferred leader first',
      parseNumbers,
    )
    .option('-w, --wait', 'until the partition has moved')
    .option('--timeout <duration>', 'with --wait: no longer than this, such as 30m', parseDuration)
    .addHelpText(
      'after',
      examples('courant reassign start default/orders 3 --replicas 1,3,4 --wait'),
    )
    .action(inSession(run))
}

async function run(
  session: Session,
  topic: string,
  partition: number,
  { replicas, wait, timeout }: Options,
): Promise<void> {
  const topicId = await topicIdOf(session, topic)
  const reassignments = [{ topicId, partition, replicas: [...replicas] }]
  const { results } = await session.call(
    'write',
    (api) => api.POST('/v1/cluster/reassignments', { body: { reassignments } }),
    'operator',
  )
  const name = `${topic}, partition ${partition}`
  await printResults(session, results, ({ addingReplicas, removingReplicas }) => {
    const isThere = addingReplicas.length + removingReplicas.length === 0
    return `${name}: ${isThere ? 'is on' : 'moves to'} ${replicas.join(',')}.`
  })
  if (!wait) return
  const done = await waitFor(session, {
    what: `${name} moves.`,
    read: async () => {
      const found = await everyPartition(session, { topicId, state: 'REASSIGNING' })
      return found.filter((moving) => moving.partition === partition)
    },
    text: ([moving]) => `${name}: waits for ${moving?.addingReplicas.join(',')} to catch up.`,
    isDone: (moving) => moving.length === 0,
    timeoutMs: timeout,
  })
  if (done !== null && !session.json) await session.line(`${name}: has moved.`)
}

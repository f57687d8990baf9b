/**
 * Goal: promise 1 as far as it is the control plane's. Whatever brokers do, in whatever order, and
 * whatever happens to their disks, who leads has every acknowledged record, and no two ever lead
 * one partition in one epoch.
 * Method: directed and random histories of simulated brokers on the real operations; a trigger
 * keeps every state that a partition was ever committed in.
 */
import { systemClock, systemRandom } from '@courant/kernel'
import fc from 'fast-check'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Cluster } from '../src/cluster.ts'
import { Database } from '../src/database/database.ts'
import { preferLeaders } from '../src/elections/prefer-leaders.ts'
import { runElections } from '../src/elections/run-elections.ts'
import {
  cancelReassignments,
  reassignPartitions,
} from '../src/reassignments/reassign-partitions.ts'
import { createTenant } from '../src/tenants/create-tenant.ts'
import { alterTopic } from '../src/topics/alter-topic.ts'
import { createTopic } from '../src/topics/create-topic.ts'
import { cleanUp, databases, onCleanUp } from './fixture.ts'
import { type Alteration, type Restart, SimulatedBrokers } from './simulated-brokers.ts'

const BROKERS = 4
const REPLICAS = 3
/** Minima of topics with three replicas. */
const MINIMA = [1, 2, 3]
const { signal } = new AbortController()
/** The directed ones, and some by chance. */
const RUNS = 22
/** A busy machine gets through fewer histories. */
const LONGEST_MS = 20_000

let client: pg.Pool
let cluster: Cluster
let tenantId: string

beforeAll(async () => {
  const url = await databases.create()
  client = new pg.Pool({ connectionString: url })
  onCleanUp(() => client.end())
  const ports = { clock: systemClock, random: systemRandom, onIdleError: () => {} }
  const database = new Database({ url, ...ports })
  onCleanUp(() => database.close())
  cluster = await Cluster.open(database)
  const { tenant } = await createTenant({ cluster, random: systemRandom }, 'acme', signal)
  tenantId = tenant?.tenantId ?? ''
  await client.query(`
    CREATE TABLE history AS SELECT * FROM courant.partition;
    CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
      'BEGIN INSERT INTO public.history SELECT NEW.*; RETURN NULL; END';
    CREATE TRIGGER keep AFTER INSERT OR UPDATE ON courant.partition
      FOR EACH ROW EXECUTE FUNCTION keep()`)
})
afterAll(async () => {
  await cleanUp()
  await databases.close()
})

type Step =
  | { readonly kind: 'restart'; readonly broker: number; readonly how: Restart }
  | { readonly kind: 'kill' | 'fence' | 'expire' | 'refresh'; readonly broker: number }
  | { readonly kind: 'ready' | 'leave' | 'offline'; readonly broker: number }
  | { readonly kind: 'produce' | 'cancel'; readonly topic: number }
  | { readonly kind: 'alter'; readonly topic: number; readonly change: Alteration }
  | { readonly kind: 'move'; readonly topic: number; readonly to: readonly number[] }
  | { readonly kind: 'minimum'; readonly topic: number; readonly minimum: number }
  | { readonly kind: 'elect' | 'prefer' }

const broker = fc.nat(BROKERS - 1)
const topic = fc.nat(MINIMA.length - 1)
const HOW = ['intact', 'damaged', 'new disk', 'stale copy', 'answer lost', 'late'] as const
const how = fc.constantFrom<Restart>(...HOW)
const alteration = fc.constantFrom<Alteration>(
  'join',
  'join',
  'shrink',
  'join, answer lost',
  'shrink, answer lost',
)
const target = fc.uniqueArray(broker, { minLength: REPLICAS, maxLength: REPLICAS })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('produce' as const), topic }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('alter' as const), topic, change: alteration }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('move' as const), topic, to: target }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel' as const), topic }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('ready' as const), broker }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('restart' as const), broker, how }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('kill', 'fence', 'expire', 'refresh', 'leave', 'offline'),
      broker,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('minimum' as const),
      topic,
      minimum: fc.integer({ min: 1, max: REPLICAS }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('elect' as const, 'prefer' as const) }),
  },
)

/** Broker 0 alone is left in sync of a topic whose minimum is one, with its last record. */
const ALONE: readonly Step[] = [
  { kind: 'fence', broker: 1 },
  { kind: 'fence', broker: 2 },
  { kind: 'refresh', broker: 0 },
  { kind: 'produce', topic: 0 },
]

/** What chance seldom finds: it comes back without the record, or goes while others are back. */
const DIRECTED: [Step[]][] = [
  ...(['damaged', 'new disk', 'stale copy'] as const).map((how): [Step[]] => [
    [
      ...ALONE,
      { kind: 'expire', broker: 0 },
      { kind: 'restart', broker: 0, how },
      { kind: 'ready', broker: 0 },
    ],
  ]),
  // And once more, before it was active.
  ...(['damaged', 'new disk', 'stale copy'] as const).map((how): [Step[]] => [
    [
      ...ALONE,
      { kind: 'expire', broker: 0 },
      { kind: 'restart', broker: 0, how },
      { kind: 'restart', broker: 0, how: 'intact' },
      { kind: 'ready', broker: 0 },
    ],
  ]),
  [
    [
      ...ALONE,
      { kind: 'restart', broker: 1, how: 'intact' },
      { kind: 'ready', broker: 1 },
      { kind: 'fence', broker: 0 },
    ],
  ],
]

interface World {
  readonly brokers: SimulatedBrokers
  readonly topics: readonly { readonly name: string; readonly topicId: string }[]
}

/** Each history has brokers of its own, so that one database serves all. */
let worlds = 0

async function newWorld(): Promise<World> {
  worlds += 1
  // Those of earlier histories would get replicas.
  await client.query("UPDATE courant.broker SET state = 'fenced'")
  const ids = Array.from({ length: BROKERS }, (_, index) => worlds * BROKERS + index)
  const brokers = new SimulatedBrokers(cluster, client, ids)
  const begin = async (id: number): Promise<void> => {
    await brokers.restart(id, 'intact')
    await brokers.heartbeat(id, 'ready')
  }
  for (const id of ids.slice(0, REPLICAS)) await begin(id)
  const topics = await Promise.all(
    MINIMA.map(async (minimum) => {
      const name = `history-${worlds}-${minimum}`
      const config = { 'min.insync.replicas': String(minimum) }
      const request = { tenantId, name, partitionCount: 1, replicationFactor: REPLICAS, config }
      const answer = await createTopic({ cluster, random: systemRandom }, request, signal)
      return { name, topicId: answer.topic?.topicId ?? '' }
    }),
  )
  // Without a replica as yet, so that the directed histories know who has one.
  for (const id of ids.slice(REPLICAS)) await begin(id)
  for (const id of ids) await brokers.refresh(id)
  for (const { topicId } of topics) brokers.produce(topicId)
  return { brokers, topics }
}

async function take({ brokers, topics }: World, taken: Step): Promise<unknown> {
  const at = 'topic' in taken ? topics[taken.topic] : undefined
  const id = 'broker' in taken ? (brokers.ids[taken.broker] ?? 0) : 0
  const { topicId = '', name = '' } = at ?? {}
  switch (taken.kind) {
    case 'restart':
      return brokers.restart(id, taken.how)
    case 'kill':
      return brokers.kill(id)
    case 'fence':
    case 'expire':
    case 'refresh':
      return brokers[taken.kind](id)
    case 'produce':
      return brokers.produce(topicId)
    case 'alter':
      return brokers.alter(topicId, taken.change)
    case 'move': {
      const replicas = taken.to.map((index) => brokers.ids[index] ?? 0)
      return reassignPartitions(cluster, { reassignments: [{ topicId, partition: 0, replicas }] })
    }
    case 'cancel':
      return cancelReassignments(cluster, { partitions: [{ topicId, partition: 0 }] })
    case 'minimum': {
      const set = { 'min.insync.replicas': String(taken.minimum) }
      return alterTopic(cluster, { tenantId, name, set, reset: [] }, signal)
    }
    case 'elect':
      return runElections(cluster)
    case 'prefer':
      return preferLeaders(cluster, { max: 10 })
    default:
      return brokers.heartbeat(id, taken.kind)
  }
}

/** Of all histories until now: two leaders in one epoch, and epochs that do not go up by one. */
async function impossible(): Promise<Record<string, unknown>[]> {
  const { rows } = await client.query(`
    SELECT topic_id, leader_epoch, array_agg(DISTINCT leader) AS leaders
      FROM history WHERE leader IS NOT NULL
      GROUP BY topic_id, leader_epoch HAVING count(DISTINCT leader) > 1
    UNION ALL
    SELECT topic_id, partition_epoch, array_agg(leader) FROM history
      GROUP BY topic_id, partition_epoch HAVING count(*) > 1
    UNION ALL
    SELECT topic_id, partition_epoch, array_agg(leader) FROM (
        SELECT *, lag(partition_epoch) OVER before AS last_epoch,
            lag(leader_epoch) OVER before AS last_term, lag(leader) OVER before AS last_leader
          FROM history WINDOW before AS (PARTITION BY topic_id ORDER BY partition_epoch)
      ) AS steps
      WHERE partition_epoch <> last_epoch + 1 OR leader_epoch - last_term NOT IN (0, 1)
        OR (leader IS DISTINCT FROM last_leader AND leader_epoch = last_term)
      GROUP BY topic_id, partition_epoch`)
  return rows
}

describe('in every history', () => {
  it('who leads has every acknowledged record, and leads its epoch alone', async () => {
    let histories = 0
    let acknowledged = 0
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 40 }), async (steps) => {
        const world = await newWorld()
        for (const next of steps) {
          await take(world, next)
          expect(await world.brokers.lackedByLeaders()).toEqual([])
        }
        for (const { topicId } of world.topics) {
          acknowledged += world.brokers.acknowledged(topicId).length
        }
        histories += 1
      }),
      // To shrink a history takes longer than a test may, which would hide the seed that failed.
      {
        examples: DIRECTED,
        numRuns: RUNS,
        endOnFailure: true,
        interruptAfterTimeLimit: LONGEST_MS,
      },
    )
    expect(await impossible()).toEqual([])
    expect(acknowledged).toBeGreaterThan(histories * MINIMA.length)
  })

  it('also when everything happens at the same time', async () => {
    const world = await newWorld()
    const steps = fc.sample(step, 60)
    for (let from = 0; from < steps.length; from += 6) {
      await Promise.all(steps.slice(from, from + 6).map((next) => take(world, next)))
    }
    expect(await impossible()).toEqual([])
  })
})

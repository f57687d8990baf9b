/**
 * Goal: whatever members poll, acknowledge late or twice, lose and leave, in whatever order, each
 * answer and each committed offset is one that docs/consumer-groups.md allows.
 */
import fc from 'fast-check'
import { beforeAll, expect, it } from 'vitest'
import { call, newTenant } from './support/api.ts'
import { GroupModel } from './support/group-model.ts'

const PARTITIONS = 3
const RUNS = 15

let key: string
let names = 0

beforeAll(async () => {
  key = await newTenant('group-polls')
})

const MEMBERS = ['one', 'two'] as const
const member = fc.constantFrom(...MEMBERS)
/** How many answers ago the token came that is used. */
const age = fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 4 }))
const step = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('poll' as const),
      member,
      age,
      using: fc.constantFrom('nothing', 'ack', 'ack', 'ack', 'after', 'after'),
      maxRecords: fc.integer({ min: 1, max: 3 }),
      fate: fc.constantFrom('arrives', 'arrives', 'arrives', 'isLost'),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('commit' as const), member, age }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), member }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('produce' as const) }) },
)

it('holds for series of polls, commits, leaves and lost answers', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 20, maxLength: 40, size: 'max' }),
      async (steps) => {
        names += 1
        const topic = `topic-${names}`
        const body = { name: topic, partitions: PARTITIONS }
        await call(key, { method: 'POST', path: '/v1/topics', body })
        let end = await produce(topic, 0)
        const model = new GroupModel(key, topic, `group-${names}`)
        await model.poll('one', 'nothing', null, { maxRecords: 1, fate: 'arrives' })
        for (const one of steps) {
          if (one.do === 'produce') end = await produce(topic, end)
          else if (one.do === 'leave') await model.leave(one.member)
          else {
            const of = model.givenTo(one.member).at(-one.age) ?? null
            if (one.do === 'poll') await model.poll(one.member, one.using, of, one)
            else if (of !== null) await model.commit(one.member, of)
          }
        }
        for (const left of MEMBERS) await model.leave(left)
        await drain(model, end)
      },
    ),
    { numRuns: RUNS },
  )
}, 120_000)

/** What nobody has acknowledged comes to who reads on. */
async function drain(model: GroupModel, end: number): Promise<void> {
  const bounds = { maxRecords: 1_000, fate: 'arrives' } as const
  await model.poll('last', 'nothing', null, bounds)
  for (let rounds = 0; rounds < PARTITIONS; rounds += 1) {
    await model.poll('last', 'ack', model.givenTo('last').at(-1) ?? null, bounds)
  }
  expect([...model.committed.values()]).toEqual(Array.from({ length: PARTITIONS }, () => end))
}

/** Three more records in each partition, with their offsets as values. */
async function produce(topic: string, from: number): Promise<number> {
  const records = Array.from({ length: PARTITIONS }, (_, partition) =>
    [0, 1, 2].map((more) => ({ partition, value: from + more })),
  ).flat()
  const path = `/v1/topics/${topic}/records`
  const { status, text } = await call(key, { method: 'POST', path, body: { records } })
  expect(status, text).toBe(200)
  return from + 3
}

/** Both ends of an incremental fetch session. */
import { type LeaderEpoch, type Offset, SeededRandom } from '@courant/kernel'
import { describe, expect, it } from 'vitest'
import { FetchSession, FollowerSession } from '../src/index.ts'

interface Partition {
  readonly name: string
  end: number
}

function positionAt(offset: number) {
  return {
    leaderEpoch: 1 as LeaderEpoch,
    offset: offset as Offset,
    lastEpoch: 1 as LeaderEpoch,
    logStartOffset: 0 as Offset,
  }
}

function partitionsOf(count: number): Partition[] {
  return Array.from({ length: count }, (_, index) => ({ name: `p${index}`, end: 0 }))
}

/** Delivers the next request, and returns how many partitions it named. */
function deliver(
  follower: FetchSession<Partition>,
  leader: FollowerSession<Partition>,
): { readonly number: number; readonly named: number } {
  const { number, request } = follower.next()
  const isNext = request.sessionId === 0 || leader.accept(request.sessionEpoch)
  expect(isNext).toBe(true)
  for (const { partition, position } of request.asked) leader.ask(partition, position)
  for (const partition of request.forgotten) leader.forget(partition)
  if (request.sessionId === 0) follower.established(leader.id)
  return { number, named: request.asked.length + request.forgotten.length }
}

/** Tells what `take` has found, and returns whose records were in the answer. */
function answer(leader: FollowerSession<Partition>): Partition[] {
  const told: Partition[] = []
  for (const asked of leader.take()) {
    const { partition, position } = asked
    const isFinal = partition.end > position.offset
    leader.tell(asked, { highWatermark: partition.end, logStartOffset: 0, isFinal })
    if (isFinal) told.push(partition)
  }
  return told
}

describe('an incremental fetch session', () => {
  it('costs nothing for partitions in which nothing happens, however many', () => {
    const [follower, leader] = [new FetchSession<Partition>(), new FollowerSession<Partition>(1)]
    const partitions = partitionsOf(3_000)
    for (const partition of partitions) follower.ask(partition, positionAt(0))
    expect(deliver(follower, leader).named).toBe(3_000)
    expect(answer(leader)).toEqual([])
    const [hot] = partitions
    if (hot === undefined) throw new Error('a partition')
    for (let round = 1; round <= 10; round += 1) {
      hot.end = round
      expect(leader.mark(hot, 'records')).toBe(true)
      expect(leader.take().map(({ partition }) => partition)).toEqual([hot])
      follower.ask(hot, positionAt(round))
      expect(deliver(follower, leader).named).toBe(1)
      expect(answer(leader)).toEqual([])
    }
    expect(deliver(follower, leader).named).toBe(0)
    expect(leader.take()).toEqual([])
  })

  it('does not answer twice what was not asked for again', () => {
    const [follower, leader] = [new FetchSession<Partition>(), new FollowerSession<Partition>(1)]
    const partition = { name: 'p', end: 3 }
    follower.ask(partition, positionAt(0))
    deliver(follower, leader)
    expect(answer(leader)).toEqual([partition])
    expect(leader.mark(partition, 'records')).toBe(false)
    deliver(follower, leader)
    expect(answer(leader)).toEqual([])
    follower.ask(partition, positionAt(0))
    deliver(follower, leader)
    expect(answer(leader)).toEqual([partition])
  })

  it('wakes nobody for an offset, and tells it with the next answer', () => {
    const leader = new FollowerSession<Partition>(1)
    const partition = { name: 'p', end: 0 }
    leader.ask(partition, positionAt(0))
    answer(leader)
    expect(leader.mark(partition, 'offsets')).toBe(false)
    expect(leader.isUrgent).toBe(false)
    expect(leader.take()).toHaveLength(1)
  })

  it('tells the high watermark again to who asked anew before it could hear of it', () => {
    const leader = new FollowerSession<Partition>(1)
    const partition = { name: 'p', end: 4 }
    leader.ask(partition, positionAt(4))
    answer(leader)
    leader.ask(partition, positionAt(4))
    expect(leader.take()).toMatchObject([{ highWatermark: -1, logStartOffset: 0 }])
  })

  it('begins anew with everything after a lost connection', () => {
    const follower = new FetchSession<Partition>()
    const partitions = partitionsOf(3)
    for (const partition of partitions) follower.ask(partition, positionAt(5))
    deliver(follower, new FollowerSession(7))
    follower.reset()
    expect(follower.isEstablished).toBe(false)
    const { request } = follower.next()
    expect(request).toMatchObject({ sessionId: 0, sessionEpoch: 0, forgotten: [] })
    expect(request.asked).toHaveLength(3)
  })

  it('refuses a request that is not the next one', () => {
    const leader = new FollowerSession<Partition>(1)
    expect(leader.accept(2)).toBe(false)
    expect(leader.accept(1)).toBe(true)
    expect(leader.accept(1)).toBe(false)
  })

  it('knows which position an answer is about, also with two requests on their way', () => {
    const follower = new FetchSession<Partition>()
    const [first, second] = partitionsOf(2)
    if (first === undefined || second === undefined) throw new Error('two partitions')
    follower.ask(first, positionAt(0))
    const one = follower.next()
    follower.established(1)
    follower.ask(second, positionAt(0))
    follower.ask(first, positionAt(4))
    const two = follower.next()
    expect(follower.answered(first, one.number)).toBeNull()
    expect(follower.answered(second, one.number)).toBeNull()
    expect(follower.answered(first, two.number)?.offset).toBe(4)
    follower.forget(second)
    expect(follower.answered(second, two.number)).toBeNull()
  })

  it('brings every record to the follower, whatever the order of what happens', () => {
    for (let seed = 1; seed <= 40; seed += 1) {
      const random = new SeededRandom(seed)
      const follower = new FetchSession<Partition>()
      let leader = new FollowerSession<Partition>(1)
      const partitions = partitionsOf(5)
      const has = new Map(partitions.map((partition) => [partition, 0]))
      for (const partition of partitions) follower.ask(partition, positionAt(0))
      const round = () => {
        const { number } = deliver(follower, leader)
        for (const partition of answer(leader)) {
          const position = follower.answered(partition, number)
          if (position === null) continue
          has.set(partition, Math.min(partition.end, position.offset + 1 + random.below(3)))
          follower.ask(partition, positionAt(has.get(partition) ?? 0))
        }
      }
      for (let step = 0; step < 200; step += 1) {
        const partition = partitions[random.below(partitions.length)]
        if (partition === undefined) continue
        const dice = random.below(10)
        if (dice < 5) {
          partition.end += 1
          leader.mark(partition, 'records')
        } else if (dice < 9) round()
        else if (random.below(4) === 0) {
          follower.reset()
          leader = new FollowerSession<Partition>(step + 2)
        }
      }
      for (let rest = 0; rest < 300; rest += 1) round()
      expect([...has.values()]).toEqual(partitions.map(({ end }) => end))
    }
  })
})

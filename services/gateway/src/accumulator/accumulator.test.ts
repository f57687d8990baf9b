/**
 * Goal: the accumulator sends each record once, in order, in as few batches as the answers allow,
 * and says of each whether it was written, was not, or may have been. Method: a sender that the
 * test answers by hand, so that every moment can be looked at.
 */
import {
  BusError,
  defaultTopicConfig,
  type ErrorCode,
  limits,
  SeededRandom,
  systemClock,
  tenantId,
  topicId,
} from '@courant/kernel'
import { RecordBatch, recordSource } from '@courant/record-batch'
import { describe, expect, it } from 'vitest'
import { readRecords } from '../../test/records/read-records.ts'
import { until } from '../../test/records/until.ts'
import { BufferPool } from '../fetch/buffer-pool.ts'
import { Accumulator } from './accumulator.ts'
import type { Appended } from './partition-accumulator.ts'
import { Share } from './share.ts'
import type { TargetTopic } from './topic-accumulator.ts'
import type { Acks } from './waiting-batch.ts'

interface Sent {
  readonly partition: number
  readonly acks: Acks
  readonly values: string[]
  maySend(): boolean
  succeed(baseOffset: number): void
  fail(code: ErrorCode): void
}

function topicOf(number: number, config = {}): TargetTopic {
  const digits = String(number).padStart(12, '0')
  return {
    topicId: topicId(`7b0c4c3e-9a44-4d0e-8a2f-${digits}`),
    tenantId: tenantId(`0b9e4a52-5f0e-4d8e-b3a5-${digits}`),
    partitionCount: 4,
    config: { ...defaultTopicConfig, ...config },
  }
}

const topic = topicOf(1)

class Setup {
  readonly sent: Sent[] = []
  readonly leaderless = new Set<number>()
  connecting: 'connected' | 'hanging' = 'connected'
  readonly accumulator = new Accumulator({
    clock: systemClock,
    random: new SeededRandom(7),
    buffers: new BufferPool(),
    sender: {
      hasLeader: (_topic, partition) => partition >= 0 && !this.leaderless.has(partition),
      send: (_topic, partition, batch, acks, _timeoutMs, maySend) =>
        new Promise<Appended>((resolve, reject) => {
          if (this.connecting === 'connected') maySend()
          new RecordBatch(batch).verify()
          const values = readRecords(new RecordBatch(batch)).map(({ value }) => `${value}`)
          this.sent.push({
            partition,
            acks,
            values,
            maySend,
            succeed: (baseOffset) => resolve({ baseOffset, appendTime: -1 }),
            fail: (code) => reject(new BusError(code, 'As the test wants it.')),
          })
        }),
    },
  })

  /** One request for one partition. */
  request(values: readonly string[], options: Partial<RequestOptions> = {}): Share {
    const { partition, acks, timeoutMs, target } = { ...DEFAULTS, ...options }
    const deadlineMs = systemClock.monotonicMs() + timeoutMs
    const share = new Share(partition, values.length, deadlineMs, () => {})
    const bytes = values.reduce((sum, value) => sum + value.length, 0)
    this.accumulator.admit(target, new Map([[partition, bytes]]))
    const accumulator = this.accumulator.partition(target, partition)
    for (const value of values) {
      const source = recordSource({ timestamp: 1, value })
      accumulator.append(source, share, acks, target.config.maxMessageBytes, value.length)
    }
    return share
  }

  async nextSent(index: number): Promise<Sent> {
    return until(() => this.sent[index])
  }
}

interface RequestOptions {
  readonly partition: number
  readonly acks: Acks
  readonly timeoutMs: number
  readonly target: TargetTopic
}

const DEFAULTS: RequestOptions = { partition: 0, acks: 'all', timeoutMs: 30_000, target: topic }

async function decided(share: Share): Promise<void> {
  await until(() => share.isDecided)
}

describe('batching', () => {
  it('sends what arrives in one turn together', async () => {
    const setup = new Setup()
    const shares = ['a', 'b', 'c'].map((value) => setup.request([value]))
    const batch = await setup.nextSent(0)
    expect(batch.values).toEqual(['a', 'b', 'c'])
    batch.succeed(40)
    await setup.accumulator.drained()
    expect(shares.map(({ written }) => written[0]?.baseOffset)).toEqual([40, 41, 42])
  })

  it('gathers what arrives while a batch is in flight, and has one in flight', async () => {
    const setup = new Setup()
    setup.request(['a'])
    const first = await setup.nextSent(0)
    for (const value of ['b', 'c', 'd']) {
      setup.request([value])
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(setup.sent.length).toBe(1)
    first.succeed(0)
    expect((await setup.nextSent(1)).values).toEqual(['b', 'c', 'd'])
    setup.sent[1]?.succeed(1)
    await setup.accumulator.drained()
    expect(setup.sent.length).toBe(2)
  })

  it('keeps partitions and acks apart', async () => {
    const setup = new Setup()
    setup.request(['a'])
    setup.request(['b'], { acks: 'leader' })
    setup.request(['c'], { acks: 'leader' })
    setup.request(['d'], { partition: 1 })
    const [all, other] = [await setup.nextSent(0), await setup.nextSent(1)]
    expect([all.acks, all.values, other.values]).toEqual(['all', ['a'], ['d']])
    all.succeed(0)
    const leader = await setup.nextSent(2)
    expect([leader.acks, leader.values]).toEqual(['leader', ['b', 'c']])
    for (const batch of setup.sent) batch.succeed(1)
    await setup.accumulator.drained()
  })

  it('cuts batches at the size that the topic allows', async () => {
    const setup = new Setup()
    const target = topicOf(1, { maxMessageBytes: 1024 })
    const share = setup.request(
      Array.from({ length: 10 }, () => 'x'.repeat(300)),
      { target },
    )
    for (let index = 0; !share.isDecided; index += 1) {
      const batch = await setup.nextSent(index)
      expect(batch.values.length).toBeLessThanOrEqual(3)
      batch.succeed(index * 100)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(share.error).toBeNull()
    expect(share.written.map(({ count }) => count)).toEqual([3, 3, 3, 1])
  })

  it('stays with one partition for records without a key until it has its share', () => {
    const { accumulator, leaderless } = new Setup()
    const first = accumulator.stickyPartition(topic, 60_000)
    expect(accumulator.stickyPartition(topic, 6_000)).toBe(first)
    const second = accumulator.stickyPartition(topic, 10)
    expect(second).not.toBe(first)
    leaderless.add(second)
    expect(accumulator.stickyPartition(topic, 10)).not.toBe(second)
  })
})

describe('failure', () => {
  it('fails a request as a prefix: nothing is sent behind the first batch that failed', async () => {
    const setup = new Setup()
    const target = topicOf(1, { maxMessageBytes: 1024 })
    const large = setup.request(
      Array.from({ length: 8 }, () => 'x'.repeat(300)),
      { target },
    )
    const other = setup.request(['other'], { target })
    const first = await setup.nextSent(0)
    first.succeed(0)
    const second = await setup.nextSent(1)
    second.fail('STORAGE_FAILED')
    const third = await setup.nextSent(2)
    expect(third.values).toEqual(['other'])
    third.succeed(3)
    await setup.accumulator.drained()
    expect([large.writtenCount, large.error?.code]).toEqual([3, 'STORAGE_FAILED'])
    expect(other.written).toEqual([{ count: 1, baseOffset: 3, appendTime: -1 }])
  })

  it.each<ErrorCode>(['NOT_LEADER', 'BROKER_UNAVAILABLE', 'FENCED_LEADER_EPOCH'])(
    'tries again after %s, which wrote nothing',
    async (code) => {
      const setup = new Setup()
      const share = setup.request(['a'])
      ;(await setup.nextSent(0)).fail(code)
      const second = await setup.nextSent(1)
      expect(second.values).toEqual(['a'])
      second.succeed(9)
      await decided(share)
      expect(share.written[0]?.baseOffset).toBe(9)
    },
  )

  it.each<ErrorCode>([
    'TIMED_OUT',
    'CONNECTION_LOST',
    'NOT_LEADER_AFTER_APPEND',
    'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
    'STORAGE_FAILED',
    'INTERNAL',
    'STORAGE_FULL',
    'RECORD_TOO_LARGE',
  ])('never sends again after %s', async (code) => {
    const setup = new Setup()
    const share = setup.request(['a'])
    ;(await setup.nextSent(0)).fail(code)
    await setup.accumulator.drained()
    expect([share.error?.code, setup.sent.length]).toEqual([code, 1])
  })

  it('ends the wait of a caller at its deadline: unknown once sent, not written before', async () => {
    const setup = new Setup()
    const sent = setup.request(['sent'], { timeoutMs: 30 })
    const first = await setup.nextSent(0)
    const waiting = setup.request(['waiting'], { timeoutMs: 30 })
    const patient = setup.request(['patient'])
    await decided(sent)
    await decided(waiting)
    expect([sent.error?.code, sent.error?.facts.applied]).toEqual(['TIMED_OUT', 'unknown'])
    expect(waiting.error?.facts.applied).toBe('no')
    first.succeed(0)
    const second = await setup.nextSent(1)
    expect(second.values).toEqual(['patient'])
    second.succeed(1)
    await setup.accumulator.drained()
    expect(patient.written[0]?.baseOffset).toBe(1)
    expect(sent.writtenCount).toBe(0)
  })

  it('knows that nothing was written while the broker is still being connected to', async () => {
    const setup = new Setup()
    setup.connecting = 'hanging'
    const share = setup.request(['a'], { timeoutMs: 30 })
    const attempt = await setup.nextSent(0)
    await decided(share)
    expect(share.error?.facts.applied).toBe('no')
    // The connection is there at last, but the caller has been told that nothing was written.
    expect(attempt.maySend()).toBe(false)
    attempt.fail('BROKER_UNAVAILABLE')
    await setup.accumulator.drained()
    expect(setup.sent.length).toBe(1)
  })

  it('says why a batch could not be sent when its callers give up', async () => {
    const setup = new Setup()
    const share = setup.request(['a'], { timeoutMs: 100 })
    ;(await setup.nextSent(0)).fail('BROKER_UNAVAILABLE')
    for (let index = 1; !share.isDecided; index += 1) {
      await until(() => setup.sent[index] !== undefined || share.isDecided)
      setup.sent[index]?.fail('BROKER_UNAVAILABLE')
    }
    expect(share.error?.code).toBe('BROKER_UNAVAILABLE')
    await setup.accumulator.drained()
  })
})

describe('memory', () => {
  const mib = 'x'.repeat(1024 * 1024 - 100)

  it('is bounded for a partition, a tenant and in all, and given back', async () => {
    const setup = new Setup()
    const refusal = (partition: number, target: TargetTopic): string => {
      try {
        setup.accumulator.admit(target, new Map([[partition, limits.accumulatorPartitionBytesMax]]))
        return 'taken'
      } catch (error) {
        return error instanceof BusError ? error.code : 'a bug'
      }
    }
    setup.request([mib])
    expect(refusal(0, topic)).toBe('BUSY')
    for (const partition of [1, 2, 3]) expect(refusal(partition, topic)).toBe('taken')
    expect(refusal(1, topic)).toBe('THROTTLED')
    for (const other of [2, 3, 4]) {
      for (const partition of [0, 1, 2, 3]) {
        expect(refusal(partition, topicOf(other))).toBe('taken')
      }
    }
    expect(refusal(0, topicOf(5))).toBe('BUSY')
    const before = setup.accumulator.waitingBytes
    ;(await setup.nextSent(0)).succeed(0)
    await until(() => setup.accumulator.waitingBytes === before - mib.length)
  })

  it('is all given back when everything has failed, too', async () => {
    const setup = new Setup()
    setup.request([mib, mib, mib])
    const first = await setup.nextSent(0)
    await decided(setup.request(['later'], { timeoutMs: 1 }))
    first.fail('STORAGE_OFFLINE')
    await setup.accumulator.drained()
    expect(setup.accumulator.waitingBytes).toBe(0)
  })
})

/** kafkajs, which we did not write, against a whole broker: its batches in, our answers out. */
import { describe, expect, it } from 'vitest'
import { connectKafkajs } from './fixture/kafkajs-broker.ts'
import { startWithTopic, TOPIC } from './fixture/topic.ts'

describe('kafkajs', () => {
  it('shakes hands, produces, fetches, waits, lists and deletes', async () => {
    const { broker, client } = await startWithTopic()
    const kafkajs = await connectKafkajs(broker.address)
    const messages = [
      { key: 'k', value: 'first' },
      { key: null, value: 'zweite Nachricht: ü' },
    ]
    expect((await kafkajs.produce(TOPIC, messages)).baseOffset).toBe('0')
    expect(await client.produce(TOPIC, ['ours'])).toBe(2)
    const fetched = await kafkajs.fetch(TOPIC, 0)
    expect(fetched.map(({ offset }) => offset)).toEqual(['0', '1', '2'])
    expect(fetched.map(({ value }) => value.toString())).toEqual([
      'first',
      'zweite Nachricht: ü',
      'ours',
    ])
    expect(fetched.map(({ key }) => key?.toString() ?? null)).toEqual(['k', null, null])
    expect(await client.read(TOPIC)).toEqual(['first', 'zweite Nachricht: ü', 'ours'])
    const waiting = kafkajs.fetch(TOPIC, 3)
    await kafkajs.produce(TOPIC, [{ key: null, value: 'awaited' }])
    expect((await waiting).map(({ value }) => value.toString())).toEqual(['awaited'])
    expect(await kafkajs.latest(TOPIC)).toBe('4')
    await kafkajs.deleteRecords(TOPIC, 2)
    await expect(kafkajs.fetch(TOPIC, 1)).rejects.toMatchObject({ type: 'OFFSET_OUT_OF_RANGE' })
  })

  it('is told in its own terms why a produce is refused', async () => {
    const { broker } = await startWithTopic({ 'max.message.bytes': '1024' })
    const kafkajs = await connectKafkajs(broker.address)
    const large = [{ key: null, value: 'x'.repeat(2_000) }]
    await expect(kafkajs.produce(TOPIC, large)).rejects.toMatchObject({ type: 'MESSAGE_TOO_LARGE' })
    await expect(kafkajs.produce('unknown', large)).rejects.toMatchObject({
      type: 'UNKNOWN_TOPIC_OR_PARTITION',
    })
  })
})

/** Which keys carry the most, asked over the wire. */
import { NO_ERROR } from '@courant/kafka-protocol'
import { RecordBatchBuilder, recordSource } from '@courant/record-batch'
import { describe, expect, it } from 'vitest'
import { startWithTopic, TOPIC } from './fixture/topic.ts'

const NOT_LEADER_OR_UNKNOWN = 3

function keyed(keys: readonly string[]): Buffer {
  const builder = new RecordBatchBuilder(256)
  for (const key of keys) {
    const value = Buffer.from('value')
    builder.append(recordSource({ timestamp: 1_000, key: Buffer.from(key), value, headers: [] }))
  }
  return builder.seal('none')
}

describe('HeaviestKeys', () => {
  it('tells what the leader of a partition was written, and nothing of one at rest', async () => {
    const { client } = await startWithTopic()
    const idle = await client.heaviestKeys(TOPIC)
    expect(idle).toMatchObject({ errorCode: NO_ERROR, windowMs: -1, keys: [] })
    await client.produceBatch(TOPIC, keyed(['hot', 'hot', 'cold']))
    const { keys, ...totals } = await client.heaviestKeys(TOPIC)
    expect(totals).toMatchObject({ errorCode: NO_ERROR, records: 3, keylessRecords: 0 })
    expect(keys.map(({ key, records }) => [key?.toString(), records])).toEqual([
      ['hot', 2],
      ['cold', 1],
    ])
    expect((await client.heaviestKeys(TOPIC, 1)).keys).toHaveLength(1)
  })

  it('says of a partition that it does not know what every API says of it', async () => {
    const { client } = await startWithTopic()
    const { errorCode } = await client.heaviestKeys(TOPIC, 16, 99)
    expect(errorCode).toBe(NOT_LEADER_OR_UNKNOWN)
  })
})

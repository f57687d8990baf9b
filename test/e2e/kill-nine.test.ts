/**
 * Goal: kill -9 in the middle of a produce, and after the restart every acknowledged record is
 * there, once, at the offset that was acknowledged, in order per key.
 * Method: one data directory, killed again and again at different moments of a keyed NDJSON stream.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LineResult, streamLines } from './support/line-stream.ts'
import { postJson, type ReadRecord, readTopic } from './support/read-topic.ts'
import { type Credentials, startStandalone } from './support/standalone.ts'

const TOPIC = 'killed'
const PARTITIONS = 12
const KEYS = 50
/** Acknowledgements after which the process is killed, round by round. */
const ROUNDS = [1, 40, 700, 5_000, 20_000, 300, 12_000]

interface Acknowledged extends LineResult {
  readonly round: number
}

let home: string
const acknowledged: Acknowledged[] = []

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'courant-kill-'))
})

afterAll(async () => {
  await rm(home, { recursive: true, force: true })
})

function keyOf(index: number): string {
  return `key-${index % KEYS}`
}

/** Produces until that many lines are acknowledged, then kills the process under the stream. */
async function produceUntilKilled(round: number, enough: number): Promise<void> {
  const { child, credentials } = await startStandalone(join(home, 'data'))
  await checkAll(credentials)
  await postJson(credentials, '/v1/topics', { name: TOPIC, partitions: PARTITIONS })
  let count = 0
  await streamLines(credentials, TOPIC, {
    line: (index) => JSON.stringify({ key: keyOf(index), value: { round, index } }),
    onResult(result) {
      acknowledged.push({ ...result, round })
      count += 1
      if (count === enough) void child.end('SIGKILL')
    },
  })
  expect(count).toBeGreaterThanOrEqual(enough)
  await child.ended
}

async function checkAll(credentials: Credentials): Promise<void> {
  if (acknowledged.length === 0) return
  const records = await readTopic(credentials, TOPIC, PARTITIONS)
  expectOnce(records)
  expectInOrder(records)
  const byPlace = new Map(records.map((record) => [`${record.partition}/${record.offset}`, record]))
  for (const { partition, offset, round, index } of acknowledged) {
    const found = byPlace.get(`${partition}/${offset}`)
    if (found?.value.round !== round || found.value.index !== index || found.key !== keyOf(index)) {
      expect(found, `round ${round}, line ${index} at ${partition}/${offset}`).toBeUndefined()
      throw new Error(`round ${round}, line ${index} is lost`)
    }
  }
}

/** Also what was never acknowledged may be there, but not twice. */
function expectOnce(records: readonly ReadRecord[]): void {
  const lines = records.map(({ value }) => `${value.round}/${value.index}`)
  expect(new Set(lines).size).toBe(lines.length)
}

function expectInOrder(records: readonly ReadRecord[]): void {
  const last = new Map<string, { partition: number; position: number }>()
  for (const { key, partition, value } of records) {
    const position = value.round * 1e9 + value.index
    const before = last.get(key)
    if (before !== undefined) {
      expect(partition, `${key} stays in its partition`).toBe(before.partition)
      if (position <= before.position)
        throw new Error(`${key}: ${position} after ${before.position}`)
    }
    last.set(key, { partition, position })
  }
}

describe('kill -9 in the middle of a keyed NDJSON produce', () => {
  it.each(ROUNDS.map((enough, round) => ({ enough, round })))(
    'round $round, after $enough acknowledgements',
    ({ enough, round }) => produceUntilKilled(round, enough),
  )

  it('has lost, doubled and reordered nothing at the end', async () => {
    const { child, credentials } = await startStandalone(join(home, 'data'))
    await checkAll(credentials)
    expect(acknowledged.length).toBeGreaterThan(ROUNDS.reduce((sum, enough) => sum + enough, 0) - 1)
    expect(await child.end('SIGTERM')).toBe(0)
  })
})

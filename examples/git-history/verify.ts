import type { Acknowledgements } from './acknowledgements.ts'
import { problemOf, type Server } from './courant.ts'
import type { GitEvent } from './git-events.ts'

export interface Verdict {
  readonly found: number
  readonly acknowledged: number
  /** Found although nothing was promised: the answer was lost, the record was not. */
  readonly unacknowledged: number
  readonly keys: number
  /** How many promises were broken, and the first of them in words. */
  readonly broken: number
  readonly findings: readonly string[]
}

interface RecordAnswer {
  readonly offset: number
  readonly key: string
  readonly value: GitEvent
}

interface Page {
  readonly records: readonly RecordAnswer[]
  readonly nextOffset: number
  readonly highWatermark: number
}

const FINDINGS_SHOWN_MAX = 10

/**
 * Reads the topic and holds it against what was acknowledged: every acknowledged record is where
 * the server said, no record is there twice, and the records of a key are in one partition in the
 * order in which they were sent.
 */
export async function verify(
  server: Server,
  { topic, stream, places }: Acknowledgements,
): Promise<Verdict> {
  const findings: string[] = []
  let broken = 0
  const report = (finding: string): void => {
    broken += 1
    if (findings.length < FINDINGS_SHOWN_MAX) findings.push(finding)
  }
  const found = new Set<number>()
  const lastOfKey = new Map<string, { partition: number; sequence: number }>()
  let unacknowledged = 0

  const partitions = await partitionCount(server, topic)
  for (let partition = 0; partition < partitions; partition += 1) {
    for await (const { offset, key, value } of readPartition(server, topic, partition)) {
      if (value.stream !== stream) continue
      const { sequence } = value
      if (found.has(sequence)) report(`event ${sequence} is there twice`)
      found.add(sequence)
      const place = places[sequence]
      if (place === undefined) unacknowledged += 1
      else if (place.partition !== partition || place.offset !== offset) {
        report(
          `event ${sequence} is at ${partition}/${offset}, not ${place.partition}/${place.offset}`,
        )
      }
      const last = lastOfKey.get(key)
      if (last !== undefined && last.partition !== partition) report(`${key} is in two partitions`)
      if (last !== undefined && last.sequence >= sequence) report(`${key}: ${sequence} is late`)
      lastOfKey.set(key, { partition, sequence })
    }
  }
  const acknowledged = places.flatMap((place, sequence) => (place === undefined ? [] : [sequence]))
  for (const sequence of acknowledged) {
    if (!found.has(sequence)) report(`event ${sequence} was acknowledged and is not there`)
  }
  return {
    found: found.size,
    acknowledged: acknowledged.length,
    unacknowledged,
    keys: lastOfKey.size,
    broken,
    findings,
  }
}

async function partitionCount(server: Server, topic: string): Promise<number> {
  const { headers } = server
  const response = await fetch(`${server.url}/v1/topics/${topic}`, { headers })
  if (!response.ok) throw await problemOf(response)
  return ((await response.json()) as { partitions: number }).partitions
}

/** Page by page: `nextOffset` is where the next one begins, `highWatermark` where the log ends. */
async function* readPartition(
  server: Server,
  topic: string,
  partition: number,
): AsyncGenerator<RecordAnswer> {
  const path = `${server.url}/v1/topics/${topic}/partitions/${partition}/records?maxRecords=10000`
  let query = 'from=earliest'
  while (true) {
    const response = await fetch(`${path}&${query}`, { headers: server.headers })
    if (!response.ok) throw await problemOf(response)
    const page = (await response.json()) as Page
    yield* page.records
    if (page.nextOffset >= page.highWatermark) return
    query = `offset=${page.nextOffset}`
  }
}

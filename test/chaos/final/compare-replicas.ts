import { systemClock, systemRandom } from '@courant/kernel'
import { openLogDirectory, openNodeStorage, type PartitionLog } from '@courant/log'
import type { Violation } from '../history/history.ts'
import { REPLICAS } from '../load/topics.ts'

const READ_BYTES = 1 << 20
/** Directories have their ring already; this size would be that of a new one. */
const RING_BYTES = 16 << 20

interface Replica {
  readonly broker: string
  readonly start: number
  readonly end: number
  readonly bytes: Buffer
}

/**
 * Reads the data directories of brokers that have stopped in order, and compares the replicas of
 * each partition byte by byte, from the first to the last.
 */
export async function compareReplicas(
  directories: ReadonlyMap<string, string>,
): Promise<{ readonly bytes: number; readonly violations: readonly Violation[] }> {
  const replicas = new Map<string, Replica[]>()
  for (const [broker, directory] of directories) {
    for (const [name, replica] of await readReplicas(broker, directory)) {
      replicas.set(name, [...(replicas.get(name) ?? []), replica])
    }
  }
  let bytes = 0
  const violations: Violation[] = []
  for (const [name, found] of replicas) {
    bytes += found.reduce((sum, replica) => sum + replica.bytes.length, 0)
    const text = differenceOf(found)
    if (text !== null) violations.push({ checker: 'replicas', text: `${name}: ${text}` })
  }
  return { bytes, violations }
}

function differenceOf(replicas: readonly Replica[]): string | null {
  const [first, ...others] = replicas
  if (first === undefined || replicas.length !== REPLICAS) return `${replicas.length} replicas`
  for (const other of others) {
    const ends = `${first.start}-${first.end} and ${other.start}-${other.end}`
    if (first.start !== other.start || first.end !== other.end) {
      return `brokers ${first.broker} and ${other.broker} have ${ends}`
    }
    if (first.bytes.equals(other.bytes)) continue
    const at = first.bytes.findIndex((byte, index) => byte !== other.bytes[index])
    return `brokers ${first.broker} and ${other.broker} differ at byte ${at} of ${first.bytes.length}`
  }
  return null
}

async function readReplicas(broker: string, path: string): Promise<Map<string, Replica>> {
  const directory = await openLogDirectory({
    storage: await openNodeStorage(path),
    clock: systemClock,
    random: systemRandom,
    ringBytes: RING_BYTES,
  })
  try {
    const replicas = new Map<string, Replica>()
    for (const log of directory.partitions()) {
      const bytes = await readWhole(log)
      const replica = { broker, start: log.logStartOffset, end: log.appendedEnd, bytes }
      replicas.set(`${log.topicId}/${log.partition}`, replica)
    }
    return replicas
  } finally {
    await directory.close()
  }
}

async function readWhole(log: PartitionLog): Promise<Buffer> {
  const chunks: Buffer[] = []
  let offset = log.logStartOffset
  while (offset < log.appendedEnd) {
    const range = { offset, maxBytes: READ_BYTES, end: log.appendedEnd, first: 'whole' } as const
    const read = await log.read(range)
    chunks.push(...read.chunks)
    offset = read.nextOffset
  }
  return Buffer.concat(chunks)
}

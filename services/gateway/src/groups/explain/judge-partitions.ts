import type { Finding } from './finding.ts'
import { type GroupSight, hotPartitions, medianLag, type PartitionSight } from './group-sight.ts'

/** Hot partitions that are told of: the remedy is the same for all. */
export const HOT_PARTITIONS_MAX = 3
/** A key with so much of a partition is why it is hot. */
const HOT_KEY_SHARE = 0.3

export function judgePartitions({ partitions }: GroupSight): Finding[] {
  const median = medianLag(partitions)
  return [
    ...partitions.flatMap(outOfLog),
    ...withoutLeader(partitions),
    ...hotPartitions(partitions)
      .slice(0, HOT_PARTITIONS_MAX)
      .map((partition) => hot(partition, median)),
  ]
}

function outOfLog({ topic, partition, ...of }: PartitionSight): Finding[] {
  const { committedOffset, logStartOffset, logEndOffset } = of
  if (committedOffset === null || logStartOffset === null || logEndOffset === null) return []
  const numbers = { committedOffset, logStartOffset, logEndOffset }
  const place = `${topic}, partition ${partition}`
  if (committedOffset < logStartOffset) {
    const recordsLost = logStartOffset - committedOffset
    return [
      {
        code: 'OFFSET_OUT_OF_LOG',
        detail: `Retention has overtaken the group in ${place}: ${recordsLost} offsets are gone.`,
        numbers: { ...numbers, recordsLost },
        remedy: 'Raise retention.ms or retention.bytes of the topic until the group keeps up.',
        topic,
        partition,
      },
    ]
  }
  if (committedOffset <= logEndOffset) return []
  return [
    {
      code: 'OFFSET_OUT_OF_LOG',
      detail: `The committed offset lies beyond the end of ${place}.`,
      numbers,
      remedy: 'The topic lost its end, in an unclean election for example: reset the offset.',
      topic,
      partition,
    },
  ]
}

function withoutLeader(partitions: readonly PartitionSight[]): Finding[] {
  const without = partitions.filter(({ hasLeader }) => !hasLeader)
  const [first] = without
  if (first === undefined) return []
  const { topic, partition } = first
  return [
    {
      code: 'PARTITION_WITHOUT_LEADER',
      detail: `${without.length} partitions have no leader now and cannot be read.`,
      numbers: { partitions: without.length },
      remedy: 'Brokers are down. An operator sees which with `courant brokers list`.',
      topic,
      partition,
    },
  ]
}

function hot({ topic, partition, keys, ...of }: PartitionSight, median: number): Finding {
  const lagRecords = of.lagRecords ?? 0
  const [heaviest] = keys?.keys ?? []
  const share =
    heaviest === undefined || keys === null || keys.records === 0
      ? 0
      : heaviest.records / keys.records
  const isOfOneKey = share >= HOT_KEY_SHARE
  return {
    code: 'HOT_PARTITION',
    detail:
      `Partition ${partition} of ${topic} is ${lagRecords} records behind, the median of the ` +
      `group ${median}${isOfOneKey ? `; one key has ${Math.round(100 * share)} % of it.` : '.'}`,
    numbers: {
      lagRecords,
      medianLagRecords: median,
      lagMs: of.lagMs ?? 0,
      heaviestKeyShare: Math.round(10_000 * share) / 10_000,
    },
    remedy: isOfOneKey
      ? 'Only one member at a time can read a key: spread it over several keys, if its order ' +
        'allows, or process its records in less time.'
      : 'Keys are spread unevenly, or its owner is slow: look at the heaviest keys and at it.',
    topic,
    partition,
    ...(keys === null ? {} : { keys }),
  }
}

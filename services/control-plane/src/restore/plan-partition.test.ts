/** Goal: whatever happened after the backup, who is to lead has every acknowledged record. */
import { type BrokerLogs, RestoreFindingKind } from '@courant/api/internal/v1/cluster'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  HISTORY_BROKERS,
  PartitionHistory,
  type Step,
  stepKinds,
} from '../../test/partition-history.ts'
import type { PartitionRow } from '../schema/partition.ts'
import { HeardLogs } from './heard-logs.ts'
import { mostComplete } from './most-complete.ts'
import { planPartition } from './plan-partition.ts'

const TOPIC = '00000000-0000-4000-8000-00000000000a'
const WHOLE = { topicId: TOPIC, partition: 0, logEndOffset: 5, isLeader: false, isDamaged: false }

function row(effectiveMinIsr: number): PartitionRow {
  return {
    ...{ topicId: TOPIC, tenantId: TOPIC, partition: 0, effectiveMinIsr },
    ...{ replicas: [1, 2, 3], inSyncReplicas: [1, 2, 3], leader: 1 },
    ...{ eligibleReplicas: [], lastKnownEligibleReplicas: [], targetReplicas: [] },
    ...{ addingReplicas: [], leaderEpoch: 0, partitionEpoch: 0, lastUncleanLeaderEpoch: 0 },
  }
}

function answerOf(brokerId: number, logs: BrokerLogs['logs'] = []): BrokerLogs {
  const address = { host: '127.0.0.1', port: 7_072, rack: '' }
  return {
    brokerId,
    brokerEpoch: 9,
    directoryId: '',
    ...address,
    isServing: true,
    isIntact: true,
    logs,
  }
}

// The first three are its replicas at first: most histories are theirs.
const brokerId = fc.constantFrom(1, 2, 3, ...HISTORY_BROKERS)
const steps = fc.array(
  fc.record<Step>({ kind: fc.constantFrom('append', 'leave', ...stepKinds), brokerId }),
  { maxLength: 12, size: 'max' },
)
const histories = fc.record({
  minIsr: fc.integer({ min: 1, max: 3 }),
  steps,
  silent: fc.oneof(
    brokerId.map((id) => [id]),
    fc.uniqueArray(brokerId, { maxLength: 3 }),
  ),
})

describe('a partition after a restore', () => {
  it('is led by nobody who lacks an acknowledged record, and by somebody if all answer', () => {
    let ledWithSilent = 0
    fc.assert(
      fc.property(histories, ({ minIsr, steps: taken, silent }) => {
        const history = new PartitionHistory(minIsr)
        for (const step of taken) history.take(step)
        const answering = HISTORY_BROKERS.filter((id) => !silent.includes(id))
        const answers = answering.map((id) => answerOf(id, history.logsOf(id, TOPIC)))
        const { after } = planPartition(row(minIsr), new HeardLogs(answers, HISTORY_BROKERS))
        expect(after.leaderEpoch).toBeGreaterThan(history.epoch)
        if (silent.length === 0) expect(after.leader).not.toBeNull()
        if (after.leader === null) return
        expect(after.inSyncReplicas).toEqual([after.leader])
        expect(history.lackedBy(after.leader)).toEqual([])
        if (silent.length > 0) ledWithSilent += 1
      }),
      { numRuns: 10_000 },
    )
    expect(ledWithSilent).toBeGreaterThan(100)
  })

  it('goes to those that have it, as many as there were', () => {
    const log = { ...WHOLE, lastEpoch: 4, knownEpoch: 4 }
    const answers = [answerOf(1), answerOf(2), answerOf(3), answerOf(5, [log]), answerOf(6, [log])]
    const { after, finding } = planPartition(row(2), new HeardLogs(answers, [1, 2, 3]))
    expect(finding).toBe(RestoreFindingKind.RESTORE_FINDING_KIND_MOVED)
    expect(after).toMatchObject({ replicas: [5, 6, 1], leader: 5, inSyncReplicas: [5] })
  })

  it('begins empty where every broker answered and none has a log of it', () => {
    const answers = [answerOf(1), answerOf(2), answerOf(3)]
    const { after, finding } = planPartition(row(2), new HeardLogs(answers, [1, 2, 3]))
    expect(finding).toBe(RestoreFindingKind.RESTORE_FINDING_KIND_EMPTY)
    expect(after).toMatchObject({ leader: 1, inSyncReplicas: [1, 2, 3] })
  })

  it('waits for a broker that does not vouch for its disk, also one unknown to the database', () => {
    const log = { ...WHOLE, lastEpoch: 4, knownEpoch: 4 }
    const answers = [answerOf(1), answerOf(2), answerOf(3, [log])]
    const doubtful = { ...answerOf(7, [{ ...log, lastEpoch: 5 }]), isIntact: false }
    const heard = new HeardLogs([...answers, doubtful], [1, 2, 3])
    expect(heard.silent).toEqual([7])
    expect(planPartition(row(1), heard).after.leader).toBeNull()
    expect(planPartition(row(2), heard).after.leader).toBe(3)
  })
})

describe('the most complete log', () => {
  const held = { ...WHOLE, lastEpoch: 3, knownEpoch: 3, brokerId: 1 }

  it('is the leader of the newest epoch, else that of the newest epoch, else the longest', () => {
    const longer = { ...held, brokerId: 2, logEndOffset: 9 }
    const newer = { ...held, brokerId: 3, lastEpoch: 4, knownEpoch: 4, logEndOffset: 1 }
    const leader = { ...held, brokerId: 4, knownEpoch: 5, isLeader: true, logEndOffset: 2 }
    expect(mostComplete([held, longer])?.brokerId).toBe(2)
    expect(mostComplete([held, longer, newer])?.brokerId).toBe(3)
    expect(mostComplete([held, longer, newer, leader])?.brokerId).toBe(4)
    expect(mostComplete([])).toBeNull()
  })
})

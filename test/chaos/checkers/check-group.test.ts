/** Goal: each checker of the consumer group finds what was planted in a sound history. */
import { describe, expect, it } from 'vitest'
import type { Ack, Delivery } from '../history/group-history.ts'
import type { History } from '../history/history.ts'
import { groupLost } from './group-lost.ts'
import { groupOrder } from './group-order.ts'
import { groupOwners } from './group-owners.ts'
import { groupRepeats } from './group-repeats.ts'

const records = [0, 1, 2, 3, 4].map((value) => ({ log: 't/0', offset: value, value }))

interface Group {
  readonly deliveries: Delivery[]
  readonly acks: Ack[]
}

/**
 * Member `a` is given all, and acknowledges the first three. Its next acknowledgement is never
 * answered, so `b` may be given the last two again.
 */
function soundGroup(): Group {
  const given = (memberId: string, life: number, askedNs: number, from: number, to: number) => ({
    ...{ memberId, life, askedNs },
    records: records.slice(from, to),
  })
  return {
    deliveries: [given('a', 1, 100, 0, 3), given('a', 1, 200, 3, 5), given('b', 2, 300, 3, 5)],
    acks: [
      { memberId: 'a', life: 1, answeredNs: 250, records: records.slice(0, 3) },
      { memberId: 'b', life: 2, answeredNs: 400, records: records.slice(3, 5) },
    ],
  }
}

function objections(group: Group): string[] {
  const final = records.map((record) => ({ ...record, reader: 'final' }))
  const history: History = { sent: [], seen: [], final, group }
  const all = [groupLost, groupRepeats, groupOwners, groupOrder].flatMap((check) => check(history))
  return [...new Set(all.map(({ checker }) => checker))].sort()
}

describe('a history of a group', () => {
  it('is sound where a record comes again whose acknowledgement was never answered', () => {
    expect(objections(soundGroup())).toEqual([])
  })

  it.each<[string, (group: Group) => void, string[]]>([
    [
      'a record that nobody was given',
      ({ deliveries }) => deliveries.splice(1),
      ['lost by the group'],
    ],
    [
      'a record that is given again after it was acknowledged',
      ({ deliveries }) =>
        deliveries.push({ memberId: 'b', life: 2, askedNs: 300, records: records.slice(2, 3) }),
      ['repeated by the group'],
    ],
    [
      'the late commit of a process whose partition another one has',
      ({ acks }) =>
        acks.push({ memberId: 'a', life: 1, answeredNs: 500, records: records.slice(3, 5) }),
      ['two owners'],
    ],
    [
      'an answer with a gap',
      ({ deliveries }) =>
        deliveries.push({
          ...{ memberId: 'a', life: 1, askedNs: 10 },
          records: [...records.slice(0, 1), ...records.slice(2, 3)],
        }),
      ['order of the group'],
    ],
    [
      'a record with another value than that of the log',
      ({ deliveries }) =>
        deliveries.push({
          ...{ memberId: 'a', life: 1, askedNs: 10 },
          records: [{ log: 't/0', offset: 0, value: 7 }],
        }),
      ['order of the group'],
    ],
  ])('with %s is refused', (_, plant, expected) => {
    const group = soundGroup()
    plant(group)
    expect(objections(group)).toEqual(expected)
  })
})

/** Goal: each checker finds what was planted in a sound history, and nothing else is found. */
import { describe, expect, it } from 'vitest'
import type { History, Seen, Sent } from '../history/history.ts'
import { checkHistory } from './check-history.ts'

interface Clients {
  readonly sent: Sent[]
  readonly seen: Seen[]
  readonly final: Seen[]
}

/** Four requests of one producer, the last two of which got no certain answer. */
function soundHistory(): Clients {
  const common = { producer: 1, topic: 't', key: 'k' } as const
  const acked = (value: number, request: number, offset: number): Sent => ({
    ...common,
    value,
    request,
    startNs: request * 100,
    endNs: request * 100 + 50,
    outcome: 'acked',
    place: { log: 't/0', offset },
  })
  const lost = (value: number, outcome: 'failed' | 'unknown'): Sent => ({
    ...common,
    value,
    request: 3,
    startNs: 300,
    endNs: 350,
    outcome,
    place: null,
  })
  const read = (reader: string, values: readonly number[]): Seen[] =>
    values.map((value, offset) => ({ reader, log: 't/0', offset, value }))
  return {
    sent: [acked(0, 1, 0), acked(1, 1, 1), acked(2, 2, 2), lost(3, 'unknown'), lost(4, 'unknown')],
    seen: read('consumer 1', [0, 1, 2]),
    final: read('final', [0, 1, 2, 3, 4]),
  }
}

/** And a consumer group that has processed all that is there at the end. */
function withGroup(clients: Clients): History {
  const records = clients.final
  const deliveries = records.map((record) => ({
    ...{ memberId: 'a', life: 1, askedNs: 1 },
    records: [record],
  }))
  const acks = [{ memberId: 'a', life: 1, answeredNs: 2, records }]
  return { ...clients, group: { deliveries, acks } }
}

/** Names of the checkers that object. */
function objections(clients: Clients): string[] {
  return [...new Set(checkHistory(withGroup(clients)).map(({ checker }) => checker))].sort()
}

function at<Item>(items: readonly Item[], index: number): Item {
  const item = items[index]
  if (item === undefined) throw new Error(`no item ${index}`)
  return item
}

describe('a history', () => {
  it('is sound as it is, also where what nobody knows of is missing', () => {
    const history = soundHistory()
    expect(checkHistory(withGroup(history))).toEqual([])
    const cut = withGroup({ ...history, final: history.final.slice(0, 3) })
    expect(checkHistory(cut)).toEqual([])
  })

  it.each<[string, (history: ReturnType<typeof soundHistory>) => void, string[]]>([
    [
      'an acknowledged value that is gone with all behind it',
      ({ final, seen }) => {
        final.splice(2)
        seen.splice(2)
      },
      ['lost write'],
    ],
    [
      'a value that a consumer had and that is gone',
      ({ sent, final }) => {
        sent[2] = { ...at(sent, 2), outcome: 'unknown', place: null }
        final.splice(2)
      },
      ['lost read'],
    ],
    [
      'a value that is there twice',
      ({ final }) => final.push({ ...at(final, 0), offset: 5 }),
      ['duplicate'],
    ],
    [
      'a value that moved between two reads',
      ({ seen }) => seen.push({ ...at(seen, 2), reader: 'consumer 1', offset: 3 }),
      ['duplicate', 'inconsistent offset'],
    ],
    [
      'an offset that had another value before',
      ({ seen, sent }) => {
        sent.push({ ...at(sent, 3), value: 5, key: 'other', request: 4 })
        seen[2] = { ...at(seen, 2), value: 5 }
      },
      ['inconsistent offset', 'lost read'],
    ],
    [
      'an answer with another offset than that of the value',
      ({ sent }) => {
        sent[2] = { ...at(sent, 2), place: { log: 't/0', offset: 7 } }
      },
      ['answered offset'],
    ],
    [
      'a value that was answered as not applied',
      ({ sent }) => {
        sent[4] = { ...at(sent, 4), outcome: 'failed' }
      },
      ['phantom'],
    ],
    [
      'a value that was never sent',
      ({ final }) => final.push({ ...at(final, 4), offset: 5, value: 99 }),
      ['phantom'],
    ],
    ['an offset that a consumer was not given', ({ seen }) => seen.splice(1, 1), ['gap']],
    [
      'a record before one that was acknowledged when it was sent',
      ({ sent }) => {
        sent[2] = { ...at(sent, 2), startNs: 10, endNs: 20 }
      },
      ['order'],
    ],
    [
      'records of one request in another order',
      ({ final }) => {
        final[3] = { ...at(final, 3), value: 4 }
        final[4] = { ...at(final, 4), value: 3 }
      },
      ['key order'],
    ],
    [
      'a key in two logs',
      ({ final }) => {
        final[3] = { ...at(final, 3), value: 3, log: 't/1', offset: 0 }
        final[4] = { ...at(final, 4), value: 4, log: 't/1', offset: 1 }
      },
      ['key order'],
    ],
  ])('with %s is refused', (_, plant, expected) => {
    const history = soundHistory()
    plant(history)
    expect(objections(history)).toEqual(expected)
  })
})

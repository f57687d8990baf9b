/** Goal: the time to recover is that of the last log, counted by what was sent after the blow. */
import { expect, it } from 'vitest'
import type { Struck } from '../faults/nemesis.ts'
import type { Sent } from '../history/history.ts'
import { recoveries } from './recovery.ts'

const SECOND = 1e9

function acked(log: string, startS: number, endS: number): Sent {
  return {
    value: 0,
    producer: 0,
    request: 0,
    topic: 't',
    key: 'k',
    startNs: startS * SECOND,
    endNs: endS * SECOND,
    outcome: 'acked',
    place: { log, offset: 0 },
  }
}

function blow(beginS: number, healS: number): Struck {
  const healNs = healS * SECOND
  return { fault: 'kill', text: '', beginNs: beginS * SECOND, healNs, healedNs: healNs }
}

const LOGS = ['t/0', 't/1']
const ms = (value: number) => ({ p50: value, p99: value, max: value })

it('waits for the last log, and not for what was sent before the blow', () => {
  const sent = [
    acked('t/0', 9, 11),
    acked('t/0', 12, 13),
    acked('t/1', 11, 17),
    acked('t/1', 12, 16),
    acked('t/1', 15.5, 15.9),
  ]
  const [report] = recoveries([blow(10, 12)], sent, LOGS)
  expect(report).toEqual({
    fault: 'kill',
    count: 1,
    fromStrikeMs: ms(5_900),
    fromHealMs: ms(3_900),
    alone: { count: 1, fromStrikeMs: ms(5_900), standstillMs: ms(5_900) },
  })
})

it('takes nothing for healing where writes went on before', () => {
  const [report] = recoveries([blow(10, 30)], [acked('t/0', 11, 12), acked('t/1', 10, 11)], LOGS)
  expect([report?.fromStrikeMs, report?.fromHealMs]).toEqual([ms(2_000), ms(0)])
})

it('tells those apart that no other blow touched', () => {
  const sent = LOGS.flatMap((log) => [acked(log, 11, 12), acked(log, 20, 22), acked(log, 60, 61)])
  const [report] = recoveries([blow(10, 19), blow(20, 30), blow(60, 62)], sent, LOGS)
  expect([report?.count, report?.alone.count]).toEqual([3, 2])
})

it('tells how long a log stood still that went on after the blow at first', () => {
  const sent = [
    ...[9, 11, 14.5, 16, 25].map((endS) => acked('t/0', endS - 0.5, endS)),
    ...[9, 11, 12, 13, 14, 15, 30].map((endS) => acked('t/1', endS - 0.5, endS)),
  ]
  const [report] = recoveries([blow(10, 12)], sent, LOGS)
  expect(report?.alone.standstillMs).toEqual(ms(3_500))
})

it('knows of no time where writes never came back', () => {
  const [report] = recoveries([blow(10, 12)], [acked('t/0', 11, 12)], LOGS)
  expect(report).toMatchObject({ count: 1, fromStrikeMs: null, alone: { count: 0 } })
})

import type { Struck } from '../faults/nemesis.ts'
import type { History, Outcome, Sent, Violation } from '../history/history.ts'
import { type FaultReport, recoveries } from './recovery.ts'

/** What a run has shown, as `--json` prints it. */
export interface Report {
  readonly seed: number
  readonly minutes: number
  /** How partitions of the network are made, and how disks are filled. */
  readonly means: readonly string[]
  readonly faultCount: number
  readonly faults: readonly FaultReport[]
  /** Records. */
  readonly operations: Readonly<Record<Outcome, number>>
  readonly consumed: number
  readonly finalRead: number
  readonly group: GroupReport
  readonly replicaBytes: number
  /** Of the records sent, those acknowledged; of the seconds of load, those with any. */
  readonly availability: { readonly recordsPercent: number; readonly secondsPercent: number }
  /** From the last heal until every log had a leader and every replica was in sync. */
  readonly healthyMs: number
  /** Upper bound of the rate of faults that show a violation, by the rule of three (95 %). */
  readonly violationsAFaultBelow: number | null
  readonly checks: number
  readonly violations: readonly Violation[]
}

/** Of the consumer group. Records, but for processes and late commits. */
export interface GroupReport {
  readonly processes: number
  readonly delivered: number
  readonly acked: number
  /** Commits of members that were given up long before. */
  readonly lateAccepted: number
  readonly lateRefused: number
}

export interface Run {
  readonly seed: number
  readonly minutes: number
  readonly means: readonly string[]
  readonly struck: readonly Struck[]
  readonly history: History
  readonly group: Pick<GroupReport, 'processes' | 'lateAccepted' | 'lateRefused'>
  readonly logs: readonly string[]
  readonly replicaBytes: number
  readonly healthyMs: number
  readonly checks: number
  readonly violations: readonly Violation[]
}

export function reportOf(run: Run): Report {
  const { seed, minutes, means, struck, history, violations } = run
  const { sent } = history
  const operations = { acked: 0, failed: 0, unknown: 0 }
  for (const { outcome } of sent) operations[outcome] += 1
  return {
    seed,
    minutes,
    means,
    faultCount: struck.length,
    faults: recoveries(struck, sent, run.logs),
    operations,
    consumed: history.seen.length,
    finalRead: history.final.length,
    group: {
      ...run.group,
      delivered: count(history.group.deliveries),
      acked: count(history.group.acks),
    },
    replicaBytes: run.replicaBytes,
    availability: {
      recordsPercent: percent(operations.acked, sent.length),
      secondsPercent: secondsPercent(sent),
    },
    healthyMs: Math.round(run.healthyMs),
    violationsAFaultBelow: violations.length === 0 ? 3 / Math.max(3, struck.length) : null,
    checks: run.checks,
    violations,
  }
}

function count(all: readonly { readonly records: readonly unknown[] }[]): number {
  return all.reduce((sum, { records }) => sum + records.length, 0)
}

function secondsPercent(sent: readonly Sent[]): number {
  const second = (ns: number): number => Math.floor(ns / 1e9)
  const all = sent.map(({ endNs }) => second(endNs))
  const [first, last] = [Math.min(...bounds(all)), Math.max(...bounds(all))]
  const acked = new Set(
    sent.filter(({ place }) => place !== null).map(({ endNs }) => second(endNs)),
  )
  return percent(acked.size, last - first + 1)
}

/** Least and greatest, without spreading a long list over the stack. */
function bounds(values: readonly number[]): [number, number] {
  let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const value of values) {
    least = Math.min(least, value)
    greatest = Math.max(greatest, value)
  }
  return [least, greatest]
}

function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((10_000 * part) / whole) / 100
}

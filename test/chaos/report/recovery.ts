import type { Struck } from '../faults/nemesis.ts'
import type { Sent } from '../history/history.ts'
import { standstillNs } from './standstill.ts'

/** Behind a heal, what it had broken may take so long to be as before. */
const SETTLED_NS = 3e9

/** Milliseconds. */
export interface Percentiles {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

export interface FaultReport {
  readonly fault: string
  readonly count: number
  /** From the blow until every log has acknowledged a record that was sent after it. */
  readonly fromStrikeMs: Percentiles | null
  /** From the begin of the heal until then: 0 where writes went on before. */
  readonly fromHealMs: Percentiles | null
  /** Those that no other fault touched: what this kind costs. */
  readonly alone: AloneReport
}

interface AloneReport {
  readonly count: number
  readonly fromStrikeMs: Percentiles | null
  /** The longest time, from the blow until all runs again, in which a log acknowledged nothing. */
  readonly standstillMs: Percentiles | null
}

/** How long each kind of fault kept writes away, counting also what other faults did meanwhile. */
export function recoveries(
  struck: readonly Struck[],
  sent: readonly Sent[],
  logs: readonly string[],
): FaultReport[] {
  const acked = ackedByLog(sent, logs)
  return [...Map.groupBy(struck, ({ fault }) => fault)].map(([fault, blows]) => {
    const ends = blows.map((blow) => ({ blow, ns: recoveredNs(acked, blow.beginNs) }))
    const known = ends.filter(({ ns }) => Number.isFinite(ns))
    const alone = known.filter(({ blow, ns }) => isAlone(blow, ns, struck))
    return {
      fault,
      count: blows.length,
      fromStrikeMs: percentiles(known.map(({ blow, ns }) => (ns - blow.beginNs) / 1e6)),
      fromHealMs: percentiles(known.map(({ blow, ns }) => Math.max(0, ns - blow.healNs) / 1e6)),
      alone: {
        count: alone.length,
        fromStrikeMs: percentiles(alone.map(({ blow, ns }) => (ns - blow.beginNs) / 1e6)),
        standstillMs: percentiles(alone.map(({ blow, ns }) => standstillMs(acked, blow, ns))),
      },
    }
  })
}

/** Also what the return of whatever was struck costs. */
function standstillMs(acked: readonly Sent[][], blow: Struck, recoveredNs: number): number {
  const untilNs = Math.max(recoveredNs, blow.healedNs + SETTLED_NS)
  return standstillNs(acked, blow.beginNs, untilNs) / 1e6
}

/** Whether nothing else was broken at any time from the blow until the writes were back. */
function isAlone(blow: Struck, recoveredNs: number, struck: readonly Struck[]): boolean {
  return struck.every(
    (other) =>
      other === blow || other.healedNs + SETTLED_NS < blow.beginNs || other.beginNs > recoveredNs,
  )
}

/** By the time at which they were sent. */
function ackedByLog(sent: readonly Sent[], logs: readonly string[]): Sent[][] {
  const acked = Map.groupBy(
    sent.filter(({ place }) => place !== null),
    ({ place }) => place?.log,
  )
  return logs.map((log) => (acked.get(log) ?? []).sort((one, other) => one.startNs - other.startNs))
}

/** The last of the logs counts. */
function recoveredNs(acked: readonly Sent[][], beginNs: number): number {
  return Math.max(
    ...acked.map((ofLog) => {
      let first = Number.POSITIVE_INFINITY
      for (const { startNs, endNs } of ofLog) {
        if (startNs > first) break
        if (startNs >= beginNs) first = Math.min(first, endNs)
      }
      return first
    }),
  )
}

function percentiles(values: readonly number[]): Percentiles | null {
  if (values.length === 0) return null
  const sorted = [...values].sort((one, other) => one - other)
  const at = (share: number): number =>
    Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0)
  return { p50: at(0.5), p99: at(0.99), max: at(1) }
}

import type { Percentiles } from './recovery.ts'
import type { GroupReport, Report } from './report.ts'

const VIOLATIONS_SHOWN = 20

/** For people. The last line is for the continuous integration: checks passed and failed. */
export function reportText(report: Report): string {
  const { operations, availability, violations, faults } = report
  const { acked, failed, unknown } = operations
  const rows = faults.map(({ fault, count, fromStrikeMs, fromHealMs, alone }) => [
    fault,
    String(count),
    timesText(fromStrikeMs),
    timesText(fromHealMs),
    String(alone.count),
    timesText(alone.fromStrikeMs),
    timesText(alone.standstillMs),
  ])
  const head = [
    'fault',
    'count',
    'recovered, ms after strike',
    'ms after heal',
    'alone',
    'ms after strike',
    'ms of standstill',
  ]
  const objecting = new Set(violations.map(({ checker }) => checker)).size
  return [
    `seed ${report.seed}, ${report.minutes} minutes, ${report.faultCount} faults`,
    ...report.means,
    '',
    ...table([head, ...rows]),
    '(p50 / p99 / max)',
    '',
    `records: ${acked} acked, ${failed} failed, ${unknown} unknown`,
    `read: ${report.consumed} by consumers, ${report.finalRead} at the end, ${report.replicaBytes} bytes of all replicas`,
    groupText(report.group),
    `availability: ${availability.recordsPercent} % of the records, ${availability.secondsPercent} % of the seconds`,
    `healthy ${report.healthyMs} ms after the last heal`,
    ...confidence(report),
    ...violations
      .slice(0, VIOLATIONS_SHOWN)
      .map(({ checker, text }) => `VIOLATION ${checker}: ${text}`),
    `violations: ${violations.length}`,
    `chaos: ${report.checks - objecting} passed, ${objecting} failed`,
  ].join('\n')
}

function groupText({
  processes,
  delivered,
  acked,
  lateAccepted,
  lateRefused,
}: GroupReport): string {
  const late = `${lateRefused} late commits refused, ${lateAccepted} taken`
  return `group: ${processes} processes, ${delivered} records delivered, ${acked} acknowledged, ${late}`
}

function confidence({ violationsAFaultBelow, faultCount }: Report): string[] {
  if (violationsAFaultBelow === null) return []
  const rate = violationsAFaultBelow.toPrecision(2)
  return [`with 95 % confidence fewer than ${rate} violations a fault (3/n, ${faultCount} faults)`]
}

function timesText(times: Percentiles | null): string {
  return times === null ? '-' : `${times.p50} / ${times.p99} / ${times.max}`
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, at) => Math.max(...rows.map((cells) => cells[at]?.length ?? 0)))
  return rows.map((cells) =>
    cells
      .map((cell, at) => cell.padEnd(widths?.[at] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

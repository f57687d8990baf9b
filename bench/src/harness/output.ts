import { type Figure, verdictOf } from './figure.ts'

/** Where figures go as they come. */
export interface Output {
  figure(suite: string, figure: Figure): void
}

/** One object a line with exactly the documented members, for programs. */
export const jsonLines: Output = {
  figure(suite, { name, value, unit, limit, limitName, ratio, goal }) {
    const target = goal?.must ?? null
    const line = { suite, name, value, unit, limit, limitName, ratio, target }
    console.log(JSON.stringify(line, nullForNaN))
  },
}

/** A table for people, printed line by line. */
export class Table implements Output {
  #suite = ''

  figure(suite: string, figure: Figure): void {
    if (suite !== this.#suite) {
      console.log(`\n${suite}`)
      this.#suite = suite
    }
    const { name, value, unit, limit, limitName, ratio, note } = figure
    const reached = ratio === null ? '' : `${rounded(ratio)} x`
    const against = limit === null ? '' : `${rounded(limit)} ${limitName ?? ''}`
    const line = [
      `  ${name}`.padEnd(44),
      `${rounded(value)} ${unit}`.padStart(18),
      against.padStart(38),
      reached.padStart(9),
      goalText(figure).padStart(22),
      verdictOf(figure),
    ]
    console.log(line.join('  ').trimEnd())
    if (note !== undefined) console.log(`    ${note}`)
  }
}

/** "≥ 0.5, aim 0.7" */
export function goalText({ goal }: Figure): string {
  if (goal === null) return ''
  const sign = goal.sense === 'at least' ? '≥' : '≤'
  const aim = goal.aim === goal.must ? '' : `, aim ${goal.aim}`
  return `${sign} ${goal.must}${aim}`
}

/** Three significant digits, in k, M and G: more would pretend to know. */
export function rounded(value: number): string {
  if (Number.isNaN(value)) return '-'
  const size = Math.abs(value)
  for (const [unit, factor] of [
    ['G', 1e9],
    ['M', 1e6],
    ['k', 1e3],
  ] as const) {
    if (size >= factor) return `${Number((value / factor).toPrecision(3))}${unit}`
  }
  return String(Number(value.toPrecision(3)))
}

/** NaN is nothing that JSON knows. */
function nullForNaN(_name: string, value: unknown): unknown {
  return typeof value === 'number' && Number.isNaN(value) ? null : value
}

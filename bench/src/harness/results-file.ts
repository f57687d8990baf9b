import { readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { type Figure, verdictOf } from './figure.ts'
import type { Plan } from './interleave.ts'
import { describeMachine } from './machine.ts'
import { goalText, rounded } from './output.ts'
import { unpinnedBecause } from './pinning.ts'

export interface Row {
  readonly suite: string
  readonly figure: Figure
}

const RESULTS = new URL('../../RESULTS.md', import.meta.url)
/** From here on the file is written by people: where the time goes for what was missed. */
const NOTES_HEADING = '## Where the time goes'

/** Replaces the measured part of RESULTS.md and keeps what people wrote below it. */
export async function writeResults(rows: readonly Row[], plan: Plan): Promise<void> {
  const previous = await readFile(RESULTS, 'utf8').catch(() => '')
  const at = previous.indexOf(NOTES_HEADING)
  const notes = at < 0 ? `${NOTES_HEADING}\n` : previous.slice(at)
  await writeFile(RESULTS, `${measuredPart(rows, plan)}\n${notes}`)
}

function measuredPart(rows: readonly Row[], plan: Plan): string {
  const machine = describeMachine(process.env['BENCH_DIR'] ?? tmpdir())
  const facts = [
    ...machine,
    ['Method', `median of ${plan.rounds} rounds, interleaved, ${plan.seconds} s each`],
    ['Pinned', unpinnedBecause ?? 'what is measured to core 0, all else to core 1'],
  ]
  return [
    '# Results',
    '',
    'Written by `npm run bench -- --write-results`. How each figure is made: [README](README.md).',
    '',
    '| | |',
    '|---|---|',
    ...facts.map(([name, fact]) => `| ${name} | ${fact} |`),
    '',
    '| suite | figure | value | limit | ratio | goal | verdict |',
    '|---|---|--:|--:|--:|---|---|',
    ...rows.map(tableRow),
    '',
  ].join('\n')
}

function tableRow({ suite, figure }: Row): string {
  const { name, value, unit, limit, limitName, ratio, note } = figure
  const cells = [
    suite,
    note === undefined ? name : `${name} (${note})`,
    `${rounded(value)} ${unit}`,
    limit === null ? (limitName ?? '') : `${rounded(limit)} ${limitName ?? ''}`,
    ratio === null ? '' : rounded(ratio),
    goalText(figure),
    verdictOf(figure),
  ]
  return `| ${cells.join(' | ')} |`
}

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ROOT } from './support/repository.ts'
import { runProgram } from './support/run-program.ts'
import { StandaloneProcess } from './support/standalone-process.ts'

let standalone: StandaloneProcess
beforeAll(async () => {
  standalone = await StandaloneProcess.start()
})
afterAll(() => standalone.stop())

/** A command of the tour, and what the README says that it prints. */
interface Step {
  readonly command: string
  /** `…` stands for anything. Empty where the README does not say. */
  readonly expected: string
}

/** Blank lines part the steps; lines with `#` are the output of the command above them. */
function stepsOf(page: string): Step[] {
  const [, tour = ''] = page.split('\n## Five minutes\n')
  const blocks = [...(tour.split('\n## ')[0] ?? '').matchAll(/^```sh\n([\s\S]*?)^```/gm)]
  return blocks
    .flatMap(([, block = '']) => block.trim().split('\n\n'))
    .map((step) => {
      const lines = step.split('\n')
      return {
        command: lines.filter((line) => !line.startsWith('#')).join('\n'),
        expected: lines
          .filter((line) => line.startsWith('# '))
          .map((line) => line.slice(2))
          .join('\n'),
      }
    })
}

function patternOf(expected: string): RegExp {
  const escaped = expected.split('…').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${escaped.join('[\\s\\S]*?')}$`)
}

test('every command of the tour prints what the README says', async () => {
  const steps = stepsOf(readFileSync(join(ROOT, 'README.md'), 'utf8'))
  expect(steps.length).toBeGreaterThan(8)
  const url = await standalone.url()
  const commands = steps.map(({ command }) =>
    command
      .replaceAll('http://127.0.0.1:8080', url)
      .replaceAll('.courant/', `${standalone.dataDirectory}/`),
  )
  // One shell, as for a reader: what a step sets, the next one uses.
  const script = commands.map((command) => `printf '\\n@@\\n'\n${command}`).join('\n')
  const ended = await runProgram('bash', ['-euo', 'pipefail', '-c', script], standalone.env)
  const outputs = ended.stdout.split('\n@@\n').slice(1)
  for (const [index, { command, expected }] of steps.entries()) {
    if (expected === '') continue
    expect(outputs[index]?.trim(), command).toMatch(patternOf(expected))
  }
  expect([ended.status, outputs.length], ended.stderr).toEqual([0, steps.length])
}, 120_000)

import { Failure, usageError } from './failure.ts'
import type { Session } from './session.ts'

/** Asks a person before what cannot be undone. A program says `--yes` beforehand. */
export async function confirm(
  session: Session,
  yes: true | undefined,
  what: string,
): Promise<void> {
  if (yes) return
  const { stdin, stderr, isTerminal } = session.terminal
  if (!isTerminal.stdin || !isTerminal.stderr) {
    throw usageError(`${what} cannot be undone.`, 'Add --yes to do it without being asked.')
  }
  const { createInterface } = await import('node:readline/promises')
  const asking = createInterface({ input: stdin, output: stderr })
  const answer = await asking.question(`${what} cannot be undone. Do it? [y/N] `)
  asking.close()
  if (!/^y(es)?$/i.test(answer.trim())) throw new Failure('Nothing was done.')
}

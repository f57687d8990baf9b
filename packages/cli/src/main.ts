import { CommanderError } from 'commander'
import picocolors from 'picocolors'
import { EXIT, Failure } from './failure.ts'
import { createProgram } from './program.ts'
import { hasColours, processTerminal } from './terminal.ts'

/** Runs the command of this process; its status is set, never thrown. */
export async function main(argv: readonly string[]): Promise<void> {
  endWithTheReader()
  const program = createProgram()
  try {
    await program.parseAsync(argv)
  } catch (error) {
    const wantsJson = program.opts()['json'] === true
    const status = report(error, wantsJson)
    // If a signal ends us, its status stays: what failed then failed because of it.
    process.exitCode ??= status
  }
}

/** A reader that has gone, such as `head`, ends us as SIGPIPE ends others: without a word. */
function endWithTheReader(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(EXIT.brokenPipe)
      throw error
    })
  }
}

/** Says what was wrong, in one or two lines or as a problem document; returns the exit status. */
function report(error: unknown, wantsJson: boolean): number {
  // commander has printed what is to be said, help and version among it.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.usage
  if (!(error instanceof Failure)) throw error
  const { message, advice, problem, exitStatus } = error
  if (wantsJson) {
    process.stderr.write(`${JSON.stringify(problem ?? { detail: message, advice })}\n`)
    return exitStatus
  }
  const { red } = picocolors.createColors(hasColours(processTerminal(), 'stderr'))
  process.stderr.write(`${red('Error:')} ${message}\n${advice === null ? '' : `${advice}\n`}`)
  return exitStatus
}

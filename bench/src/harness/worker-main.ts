/** Runs in the worker's process: imports the module named on the command line and answers calls. */
import type { Answer, Call } from './worker.ts'

const functions: Readonly<Record<string, unknown>> = await import(process.argv[2] ?? '')

process.on('message', (message: Call) => {
  void answer(message).then((reply) => process.send?.(reply))
})
process.on('SIGTERM', () => process.exit(0))
process.on('disconnect', () => process.exit(0))

async function answer({ name, argument }: Call): Promise<Answer> {
  const target = functions[name]
  if (typeof target !== 'function') return { error: `the worker has no function ${name}` }
  try {
    return { result: await target(argument) }
  } catch (error) {
    return { error: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
}

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** What it printed. Throws with that when it fails. */
export async function runCommand(file: string, ...args: readonly string[]): Promise<string> {
  return (await execute(file, args)).stdout
}

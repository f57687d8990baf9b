/** turbo without its telemetry, which nobody who runs `npm test` has asked for. */
import { spawnSync } from 'node:child_process'

const { status } = spawnSync('turbo', process.argv.slice(2), {
  stdio: 'inherit',
  // On Windows the command is a script, which only a shell starts.
  shell: process.platform === 'win32',
  env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1' },
})
process.exitCode = status ?? 1

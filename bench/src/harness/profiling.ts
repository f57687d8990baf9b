import type { Core } from './pinning.ts'

/** `BENCH_PROFILE=<directory>` keeps a CPU profile of each of our processes that is measured. */
export function profiling(core: Core): readonly string[] {
  const directory = process.env['BENCH_PROFILE']
  if (directory === undefined || core === 'load') return []
  return ['--cpu-prof', `--cpu-prof-dir=${directory}`]
}

/**
 * `node bench/src/profile/main.ts <file.cpuprofile ...>`: where the time went, by file and by
 * function, of profiles that `BENCH_PROFILE=<directory> npm run bench` has kept.
 */
import { readFileSync } from 'node:fs'
import { type CpuProfile, selfTimes } from './self-times.ts'

const ROWS = 25

for (const path of process.argv.slice(2)) {
  const profile: CpuProfile = JSON.parse(readFileSync(path, 'utf8'))
  const { busyMs, byFunction, byFile } = selfTimes(profile)
  console.log(`\n${path}: ${Math.round(busyMs)} ms busy`)
  for (const [title, times] of [
    ['by file', byFile],
    ['by function', byFunction],
  ] as const) {
    console.log(`\n  ${title}`)
    const sorted = [...times].sort(([, a], [, b]) => b - a).slice(0, ROWS)
    for (const [name, ms] of sorted) {
      console.log(`  ${((100 * ms) / busyMs).toFixed(1).padStart(5)} %  ${name}`)
    }
  }
}

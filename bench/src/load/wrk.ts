import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Bench } from '../harness/suite.ts'
import type { HttpRequest } from './http-request.ts'
import type { PipelineResult } from './pipeline.ts'

/** Answers and bytes a second by wrk, which is written in C and costs about a fifth of ours. */
export async function runWrk(
  bench: Bench,
  { port, method, path, headers, body }: HttpRequest,
  connections: number,
  seconds: number,
): Promise<PipelineResult> {
  const script = join(await bench.directory(), 'request.lua')
  const lines = [
    `wrk.method = "${method}"`,
    ...(body === '' ? [] : [`wrk.body = [==[${body}]==]`]),
    ...Object.entries(headers).map(([name, value]) => `wrk.headers["${name}"] = "${value}"`),
  ]
  await writeFile(script, lines.join('\n'))
  const size = ['-t', '1', '-c', String(connections), '-d', `${Math.max(1, Math.round(seconds))}s`]
  const command = ['wrk', ...size, '-s', script, `http://127.0.0.1:${port}${path}`]
  const child = bench.child({ core: 'load', command })
  await child.exited
  const report = child.output
  const rate = /Requests\/sec:\s+([\d.]+)/.exec(report)?.[1]
  const transfer = /Transfer\/sec:\s+([\d.]+)([KMG]?)B/.exec(report)
  if (rate === undefined || /Non-2xx|Socket errors/.test(report)) {
    throw new Error(`${command.join(' ')} said:\n${report}`)
  }
  return {
    answersPerSecond: Number(rate),
    bytesPerSecond: Number(transfer?.[1]) * (UNITS[transfer?.[2] ?? ''] ?? Number.NaN),
  }
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  K: 1 << 10,
  M: 1 << 20,
  G: 1 << 30,
}

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, release, totalmem, type } from 'node:os'

/** What must be known to read the figures, as lines of a table. */
export function describeMachine(directory: string): readonly (readonly [string, string])[] {
  const processors = cpus()
  return [
    ['Date', `${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC`],
    ['Processor', `${processors.length} x ${processors[0]?.model.trim() ?? 'unknown'}`],
    ['Memory', `${Math.round(totalmem() / 2 ** 30)} GiB`],
    ['System', `${type()} ${release()}`],
    ['Disk', fileSystemOf(directory)],
    ['Node', process.version],
    ['Redis', firstLine('redis-server', ['--version'])],
    ['NATS', firstLine('nats-server', ['--version'])],
  ]
}

function firstLine(command: string, args: readonly string[]): string {
  const { stdout, error } = spawnSync(command, args, { encoding: 'utf8' })
  return error === undefined ? (stdout.split('\n')[0] ?? '').slice(0, 40) : 'not installed'
}

function fileSystemOf(directory: string): string {
  try {
    const mounts = readFileSync('/proc/mounts', 'utf8').trim().split('\n')
    const mount = mounts
      .map((line) => line.split(' '))
      .filter(([, point = '']) => point === '/' || `${directory}/`.startsWith(`${point}/`))
      .sort(([, a = ''], [, b = '']) => b.length - a.length)[0]
    return mount === undefined ? 'unknown' : `${mount[2]} on ${mount[0]}`
  } catch {
    return 'unknown'
  }
}

import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** One file that one commit has changed. */
export interface GitEvent {
  /** Tells this run of the example from others in the same topic. */
  readonly stream: string
  /** Counts the events from 0; what order and completeness are checked by. */
  readonly sequence: number
  /** How often the history has been repeated before. */
  readonly round: number
  readonly commit: string
  readonly author: string
  readonly time: string
  readonly path: string
  /** A letter of git: added, modified, deleted, type changed. */
  readonly change: string
}

/** `count` events, oldest first; the history is repeated until there are enough. */
export async function* gitEvents(
  repository: string,
  stream: string,
  count: number,
): AsyncGenerator<GitEvent> {
  let sequence = 0
  for (let round = 0; sequence < count; round += 1) {
    const before = sequence
    for await (const change of changes(repository)) {
      yield { stream, sequence, round, ...change }
      sequence += 1
      if (sequence === count) return
    }
    if (sequence === before) throw new Error(`${repository} has no history.`)
  }
}

type Change = Pick<GitEvent, 'commit' | 'author' | 'time' | 'path' | 'change'>

/** Reads what git prints, while it prints it: a head for each commit, then a line for each file. */
async function* changes(repository: string): AsyncGenerator<Change> {
  const format = '--format=commit%x09%H%x09%aI%x09%an'
  const args = [
    '-c',
    'core.quotePath=false',
    'log',
    '--reverse',
    '--no-renames',
    '--name-status',
    format,
  ]
  const git = spawn('git', args, { cwd: repository, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<number | null>((resolve, reject) => {
    git.on('close', resolve)
    git.on('error', reject)
  })
  let head = { commit: '', time: '', author: '' }
  try {
    for await (const line of createInterface({ input: git.stdout })) {
      const [first = '', second = '', time = '', author = ''] = line.split('\t')
      if (first === 'commit') head = { commit: second, time, author }
      else if (second !== '') yield { ...head, path: second, change: first }
    }
  } finally {
    git.kill()
  }
  if ((await ended) !== 0) throw new Error(`git could not read ${repository}.`)
}

/**
 * Goal: a fresh clone, some older Node and npm, and one command. `npm test` on a fresh clone is
 * what continuous integration does first; here it is `npm start`.
 */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Child } from './support/child.ts'
import { postJson } from './support/read-topic.ts'
import { cleanEnvironment, ROOT } from './support/repository.ts'
import { ANY_PORTS, readCredentials } from './support/standalone.ts'

let home: string
let clone: string

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'courant-clone-'))
  clone = join(home, 'courant')
  execFileSync('git', ['clone', '--quiet', ROOT, clone])
})

afterAll(async () => {
  await rm(home, { recursive: true, force: true })
})

/** The machine's own programs: nothing that this repository has installed. */
function machineEnvironment(): Record<string, string> {
  const { PATH = '', ...rest } = cleanEnvironment()
  const places = PATH.split(delimiter).filter((place) => !place.includes('node_modules'))
  return { ...rest, PATH: places.join(delimiter) }
}

describe('a fresh clone', () => {
  it('serves after `npm start`, under the pinned Node, and stops by Ctrl-C at a terminal', async () => {
    const env = { ...machineEnvironment(), ...ANY_PORTS, TERM: 'xterm', NO_COLOR: '1' }
    const isTerminal = process.platform === 'linux' && existsSync('/usr/bin/script')
    const command = isTerminal
      ? ['/usr/bin/script', '-qec', 'npm start', '/dev/null']
      : ['npm', 'start']
    const child = new Child(command, { env, cwd: clone })
    await child.printed('Ctrl-C stops it.')
    const credentials = await readCredentials(join(clone, '.courant'))
    await postJson(credentials, '/v1/topics', { name: 'first' })
    if (isTerminal) child.type('\x03')
    else void child.end('SIGINT')
    await child.ended
    expect(child.output).toMatch(/Stopping.* gateway\s.* broker\s.*Stopped\./s)
    expect(child.output).not.toMatch(/EBADENGINE|npm warn|Warning:/)
  })
})

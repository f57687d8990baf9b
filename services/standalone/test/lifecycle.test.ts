/**
 * Goal: one command gives a bus that works, keeps what it acknowledged whatever ends it, leaves
 * nothing behind, and says what is wrong in words.
 * Method: the process itself, on real ports and directories, and curl as a user would paste it.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { systemClock, wait } from '@courant/kernel'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { childrenOf, gone } from './support/processes.ts'
import { type Credentials, StandaloneProcess } from './support/standalone-process.ts'

const shell = promisify(execFile)
let home: string
let data: string

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'courant-lifecycle-'))
  data = join(home, 'data')
})

afterAll(async () => {
  await rm(home, { recursive: true, force: true })
})

async function paste(line: string | undefined): Promise<unknown> {
  const { stdout } = await shell('sh', ['-c', `${line}`])
  return JSON.parse(stdout)
}

async function values(credentials: Credentials): Promise<unknown[]> {
  const path = '/v1/topics/hello/partitions/0/records?from=earliest'
  const headers = { authorization: `Bearer ${credentials.apiKey}` }
  const answer = await fetch(`${credentials.url}${path}`, { headers })
  const page = (await answer.json()) as { records: { value: unknown }[] }
  return page.records.map((record) => record.value)
}

const SAID = [{ says: 'hello' }, { says: 'hi' }]

/** So that there is something in the log in which a key could stand. */
const TALKATIVE = { COURANT_LOG_LEVEL: 'trace' }

describe('npm start', () => {
  let standalone: StandaloneProcess
  let credentials: Credentials

  beforeAll(async () => {
    standalone = new StandaloneProcess(data, TALKATIVE)
    credentials = await standalone.ready()
  })

  afterAll(async () => {
    await standalone.stop()
  })

  it('prints three curl lines that work when pasted, and paste again', async () => {
    const [create, produce, fetchLine, ...more] = standalone.curlLines()
    expect(more).toEqual([])
    expect(await paste(create)).toMatchObject({ name: 'hello', status: 'READY' })
    expect(await paste(produce)).toMatchObject({ results: [{ offset: 0 }, { offset: 1 }] })
    expect(await paste(fetchLine)).toMatchObject({ records: SAID.map((value) => ({ value })) })
    expect(await paste(create)).toMatchObject({ name: 'hello', status: 'READY' })
  })

  it('writes the credentials for its user only', async () => {
    expect(credentials).toMatchObject({
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      tenant: 'default',
      apiKey: expect.stringMatching(/^crt_[0-9A-Za-z]{16}_[0-9A-Za-z]{43}$/),
      operatorKey: expect.stringMatching(/^crt_[0-9A-Za-z]{16}_[0-9A-Za-z]{43}$/),
    })
    expect((await stat(join(data, 'credentials.json'))).mode & 0o777).toBe(0o600)
    expect((await stat(data)).mode & 0o777).toBe(0o700)
  })

  it('answers live and ready', async () => {
    for (const path of ['/livez', '/readyz']) {
      expect((await fetch(`${credentials.url}${path}`)).status).toBe(200)
    }
  })

  it('says on a second start who runs there, and leaves that one alone', async () => {
    const second = new StandaloneProcess(data)
    expect(await second.ended).toBe(1)
    expect(second.output).toContain('Courant already runs on')
    expect(second.output).toContain(`(pid ${standalone.pid}, ${credentials.url})`)
    expect(await values(credentials)).toEqual(SAID)
  })

  it('loses nothing to kill -9, leaves no orphan, and comes back with the same keys', async () => {
    const children = await childrenOf(standalone.pid)
    expect(children.length).toBeGreaterThan(0)
    standalone.kill('SIGKILL')
    await standalone.ended
    await gone(children)
    standalone = new StandaloneProcess(data, TALKATIVE)
    const after = await standalone.ready()
    expect(after).toEqual({ ...credentials, url: after.url, grpc: after.grpc })
    credentials = after
    expect(await values(credentials)).toEqual(SAID)
  })

  it('stops cleanly on Ctrl-C, telling what it waits for, and leaves no process', async () => {
    const children = await childrenOf(standalone.pid)
    standalone.kill('SIGINT')
    expect(await standalone.ended).toBe(0)
    expect(standalone.output).toMatch(/Stopping.* gateway\n.* broker\n.* database\n.*Stopped\.\n$/s)
    await gone(children)
  })

  it('heals a crash between making the tenant and writing the credentials', async () => {
    await rm(join(data, 'credentials.json'))
    standalone = new StandaloneProcess(data, TALKATIVE)
    const healed = await standalone.ready()
    expect(healed.apiKey).not.toBe(credentials.apiKey)
    expect(await values(healed)).toEqual(SAID)
  })

  it('ends at once on another Ctrl-C, whatever it waits for', async () => {
    const children = await childrenOf(standalone.pid)
    // A database that does not answer holds up every orderly stop.
    for (const child of children) process.kill(child, 'SIGSTOP')
    standalone.kill('SIGINT')
    await standalone.printed('Stopping')
    let status: number | null | undefined
    void standalone.ended.then((ended) => {
      status = ended
    })
    while (status === undefined) {
      standalone.kill('SIGINT')
      await wait(systemClock, 100)
    }
    expect(status).toBe(130)
    for (const child of children) process.kill(child, 'SIGCONT')
    await gone(children)
  })

  it('never logs a key', () => {
    const printed = standalone.output.split('\n').filter((line) => line.startsWith('{'))
    expect(printed.length).toBeGreaterThan(10)
    for (const line of printed) expect(line).not.toMatch(/crt_[0-9A-Za-z]{16}_/)
  })
})

/**
 * Goal: `npm start` and `npm test` find what package-lock.json names installed, without a reinstall
 * that nobody needs and never under a Courant that runs.
 * Method: the real script and the real npm on a small workspace whose pinned Node is a local
 * package, so that no network is needed. A script of the root's counts the installs.
 */
import { spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

let root: string

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'courant-setup-'))
  await mkdir(join(root, 'scripts'))
  await cp(join(import.meta.dirname, '..', 'setup.js'), join(root, 'scripts', 'setup.js'))
  await cp(import.meta.dirname, join(root, 'scripts', 'setup'), { recursive: true })
  await mkdir(join(root, 'local-node', 'bin'), { recursive: true })
  await symlink(process.execPath, join(root, 'local-node', 'bin', 'node'))
  await writeJson('local-node/package.json', { name: 'node', version: '1.0.0' })
  await writeJson('package.json', {
    name: 'small',
    version: '1.0.0',
    type: 'module',
    scripts: { preinstall: 'echo once >> installs' },
    devDependencies: { node: 'file:local-node' },
  })
  await writeLock({})
})

afterEach(async () => {
  await rm(root, { recursive: true, force: true })
})

async function writeJson(path: string, content: unknown): Promise<void> {
  await writeFile(join(root, path), JSON.stringify(content))
}

async function writeLock(packages: Readonly<Record<string, unknown>>, more = {}): Promise<void> {
  const devDependencies = { node: 'file:local-node', ...more }
  await writeJson('package-lock.json', {
    name: 'small',
    version: '1.0.0',
    lockfileVersion: 3,
    requires: true,
    packages: {
      '': { name: 'small', version: '1.0.0', devDependencies },
      'local-node': { name: 'node', version: '1.0.0', dev: true },
      'node_modules/node': { resolved: 'local-node', link: true },
      ...packages,
    },
  })
}

interface Outcome {
  readonly status: number | null
  readonly output: string
}

function setUp(environment: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  const child = spawn(process.execPath, [join(root, 'scripts', 'setup.js')], {
    cwd: tmpdir(),
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk
    })
  }
  return new Promise((resolve) => child.once('close', (status) => resolve({ status, output })))
}

async function installs(): Promise<number> {
  const text = await readFile(join(root, 'installs'), 'utf8').catch(() => '')
  return text.split('\n').length - 1
}

describe('the set-up', () => {
  it('installs on a fresh clone, says nothing when nothing changed, and installs after a change', async () => {
    expect(await setUp({ NODE_ENV: 'production' })).toMatchObject({ status: 0 })
    expect(await stat(join(root, 'node_modules', 'node', 'bin', 'node'))).toBeDefined()
    expect(await setUp()).toEqual({ status: 0, output: '' })
    expect(await installs()).toBe(1)
    await writeFile(
      join(root, 'package-lock.json'),
      `${await readFile(join(root, 'package-lock.json'), 'utf8')}\n`,
    )
    expect(await setUp()).toMatchObject({ status: 0 })
    expect(await installs()).toBe(2)
  })

  it('installs once when started twice at the same time', async () => {
    const outcomes = await Promise.all([setUp(), setUp(), setUp()])
    expect(outcomes.map((outcome) => outcome.status)).toEqual([0, 0, 0])
    expect(await installs()).toBe(1)
    await expect(stat(join(root, '.courant-setup.lock'))).rejects.toThrow(/ENOENT/)
  })

  it('is not held up by the lock of a process that died', async () => {
    const dead = spawn('true')
    await new Promise((resolve) => dead.once('close', resolve))
    await writeFile(join(root, '.courant-setup.lock'), `${dead.pid} 0123456789abcdef\n`)
    expect(await setUp()).toMatchObject({ status: 0 })
    expect(await installs()).toBe(1)
  })

  it('replaces nothing under a Courant that runs from the folder', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const url = `http://127.0.0.1:${port}`
    await mkdir(join(root, 'node_modules', '.courant-running'), { recursive: true })
    await writeJson(`node_modules/.courant-running/${process.pid}.json`, { pid: process.pid, url })
    const { status, output } = await setUp()
    expect(status).toBe(1)
    expect(output).toContain(`Courant runs from this folder (pid ${process.pid}, ${url})`)
    expect(await installs()).toBe(0)
    await new Promise((resolve) => server.close(resolve))
    expect(await setUp()).toMatchObject({ status: 0 })
    expect(await installs()).toBe(1)
  })

  it('explains a registry that cannot be reached, and tries again the next time', async () => {
    const far = 'courant-no-such-package'
    const integrity = `sha512-${'A'.repeat(86)}==`
    await writeJson('package.json', {
      name: 'small',
      version: '1.0.0',
      devDependencies: { node: 'file:local-node', [far]: '1.0.0' },
    })
    await writeLock(
      { [`node_modules/${far}`]: { version: '1.0.0', integrity, dev: true } },
      { [far]: '1.0.0' },
    )
    const unreachable = {
      npm_config_registry: 'http://127.0.0.1:9/',
      npm_config_cache: join(root, 'cache'),
      npm_config_fetch_retries: '0',
    }
    for (const _ of [1, 2]) {
      const { status, output } = await setUp(unreachable)
      expect(status).toBe(1)
      expect(output).toContain('The npm registry cannot be reached.')
    }
  })

  it('names what to do where npm may not run install scripts', async () => {
    await rm(join(root, 'local-node', 'bin'), { recursive: true })
    const { status, output } = await setUp()
    expect(status).toBe(1)
    expect(output).toContain('npm ci --ignore-scripts=false')
  })
})

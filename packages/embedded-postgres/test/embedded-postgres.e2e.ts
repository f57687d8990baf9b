/**
 * Goal: whatever user starts it, wherever it is told to keep its data and however it ended before,
 * the embedded PostgreSQL comes up, keeps what was committed, and leaves nothing behind.
 * Method: the real binaries on real directories. Cases that need another user run as root only.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmod, cp, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { systemClock, wait } from '@courant/kernel'
import { describe, expect, it } from 'vitest'
import { nativeDirectory } from '../src/binaries.ts'
import { isAlive } from '../src/pid-file.ts'
import { query, useHome } from './home.ts'

const isRoot = process.getuid?.() === 0
const home = useHome()

async function ended(pid: number): Promise<void> {
  while (isAlive(pid)) await wait(systemClock, 10)
}

/** Starts `child.ts`, as another user if told, and waits until its server runs. */
async function startChild(
  dataDirectory: string,
  prefix: readonly string[] = [],
): Promise<{ child: ChildProcess; pid: number; uri: string }> {
  const script = join(import.meta.dirname, 'child.ts')
  const [file = '', ...args] = [...prefix, process.execPath, script, dataDirectory]
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'], cwd: '/' })
  let errors = ''
  child.stderr.on('data', (chunk) => {
    errors += chunk
  })
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (chunk) => resolve(String(chunk)))
    child.once('close', () => reject(new Error(errors)))
  })
  return { child, ...JSON.parse(line) }
}

describe('a start', () => {
  it('works over loopback TCP, where the password keeps other users out', async () => {
    const { connectionString } = await home.start(join(home.path, 'postgres'), { transport: 'tcp' })
    expect(await query(connectionString, 'select 1')).toEqual([1])
    const wrong = connectionString.replace(/:[0-9a-f]{64}@/, ':wrong@')
    await expect(query(wrong, 'select 1')).rejects.toThrow(/password/)
  })

  it('works where the path is too long for a socket', async () => {
    const data = join(home.path, 'x'.repeat(120), 'postgres')
    const server = await home.start(data)
    const { connectionString } = server
    expect(await query(connectionString, 'select 1')).toEqual([1])
    const elsewhere = new URL(connectionString).searchParams.get('host') ?? ''
    expect(elsewhere).not.toContain('xxx')
    expect((await stat(elsewhere)).mode & 0o777).toBe(0o700)
    await server.stop()
    await expect(stat(elsewhere)).rejects.toThrow(/ENOENT/)
  })

  it('completes an initialisation that a crash interrupted', async () => {
    const data = join(home.path, 'postgres')
    await mkdir(join(home.path, 'postgres.initializing', 'base'), { recursive: true })
    const { connectionString } = await home.start(data)
    expect(await query(connectionString, 'select 1')).toEqual([1])
    await expect(stat(join(home.path, 'postgres.initializing'))).rejects.toThrow(/ENOENT/)
  })
})

describe('after a crash', () => {
  it('a stale pid file that names a living process does not stop the next start', async () => {
    const data = await home.existingCluster()
    // A living process of the very user that PostgreSQL judges by.
    const bystander = spawn('sleep', ['60'], isRoot ? { uid: 65534, gid: 65534 } : {})
    const stale = `${bystander.pid}\n/proc/self/cwd\n1700000000\n5432\n.\n\n 1 1\nready\n`
    await writeFile(join(data, 'postmaster.pid'), stale, { mode: 0o644 })
    const { connectionString } = await home.start(data)
    expect(await query(connectionString, 'select 1')).toEqual([1])
    expect(isAlive(bystander.pid ?? 0)).toBe(true)
    bystander.kill()
  })

  it.runIf(process.platform === 'linux')(
    'kill -9 of the process leaves no orphan and loses no commit',
    async () => {
      const data = await home.existingCluster()
      const { child, pid, uri } = await startChild(data)
      await query(uri, 'create table t as select 7 as n')
      child.kill('SIGKILL')
      await ended(pid)
      const { connectionString } = await home.start(data)
      expect(await query(connectionString, 'select n from t')).toEqual([7])
    },
  )

  it('a server that outlived its supervisor is stopped, and the data is there', async () => {
    const data = await home.existingCluster()
    await (await home.start(data)).stop()
    // Started by hand, without the parent-death signal: what remains where there is no setpriv.
    const uid = (await stat(data)).uid
    const args = ['-D', isRoot ? '/proc/self/cwd' : data, '-c', 'listen_addresses=']
    const orphan = spawn(join(nativeDirectory(), 'bin', 'postgres'), [...args, '-k', '.'], {
      cwd: data,
      stdio: 'ignore',
      env: {},
      ...(isRoot ? { uid, gid: uid } : {}),
    })
    const gone = new Promise((resolve) => orphan.once('exit', resolve))
    const uri = `postgres:///postgres?host=${encodeURIComponent(data)}&user=postgres`
    while ((await query(uri, 'select 1').catch(() => null)) === null) await wait(systemClock, 20)
    await query(uri, 'create table t as select 7 as n')
    const { connectionString, pid } = await home.start(data)
    await gone
    expect(pid).not.toBe(orphan.pid)
    expect(await query(connectionString, 'select n from t')).toEqual([7])
  })
})

describe('the packaged binaries', () => {
  async function copyOfPackage(): Promise<string> {
    const native = nativeDirectory()
    await mkdir(join(home.path, 'package'))
    await cp(join(native, '..', 'package.json'), join(home.path, 'package', 'package.json'))
    const copy = join(home.path, 'package', 'native')
    // Hard links where the file system has them.
    execFileSync('sh', ['-c', 'cp -al "$0" "$1" 2>/dev/null || cp -R "$0" "$1"', native, copy])
    return join(home.path, 'package', 'native')
  }

  it('run although install scripts were blocked and their library links are missing', async () => {
    const native = await copyOfPackage()
    const links = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8'))
    expect(links.length).toBeGreaterThan(0)
    for (const { target } of links) await rm(join(native, '..', target), { force: true })
    await chmod(home.path, 0o755)
    const server = await home.start(await home.existingCluster(), { nativeDirectory: native })
    expect(await query(server.connectionString, 'select 1')).toEqual([1])
    for (const { target } of links) await stat(join(native, '..', target))
  })

  it.runIf(isRoot)('run from a clone below a home that only root may enter', async () => {
    const native = await copyOfPackage()
    await chmod(home.path, 0o700)
    const server = await home.start(await home.existingCluster(), { nativeDirectory: native })
    expect(await query(server.connectionString, 'select 1')).toEqual([1])
    const command = await readFile(`/proc/${server.pid}/cmdline`, 'utf8')
    expect(command).not.toContain(home.path)
    await server.stop()

    // A cleaner of old files in /tmp takes what it likes.
    const [program = ''] = command.split('\0')
    await rm(join(dirname(program), '..', 'share'), { recursive: true })
    const again = await home.start(join(home.path, 'postgres'), { nativeDirectory: native })
    expect(await query(again.connectionString, 'select 1')).toEqual([1])
  })

  it('that run nowhere name each place that was tried', async () => {
    const native = join(home.path, 'native')
    await mkdir(join(native, 'bin'), { recursive: true })
    const starting = home.start(await home.existingCluster(), { nativeDirectory: native })
    await expect(starting).rejects.toThrow(native)
  })
})

describe.runIf(isRoot)('started as root', () => {
  it('takes an empty directory that belongs to root, and gives it to its own user', async () => {
    const data = join(home.path, 'postgres')
    await mkdir(data, { mode: 0o700 })
    const server = await home.start(data)
    expect(await query(server.connectionString, 'select 1')).toEqual([1])
    expect((await stat(data)).uid).toBe(65534)
    expect((await stat(home.path)).mode & 0o777).toBe(0o700)
  })

  it('takes a cluster that a restore left to root', async () => {
    const data = await home.existingCluster()
    expect((await stat(data)).uid).toBe(0)
    const server = await home.start(data)
    expect(await query(server.connectionString, 'select 1')).toEqual([1])
  })

  it('goes on with a cluster that an ordinary user made, as that user', async () => {
    const setpriv = ['setpriv', '--reuid=daemon', '--regid=daemon', '--clear-groups']
    const own = join(home.path, 'of-daemon')
    await mkdir(own)
    execFileSync('chown', ['daemon:daemon', own])
    await chmod(home.path, 0o755)
    const data = join(own, 'postgres')
    const { child, pid, uri } = await startChild(data, setpriv)
    await query(uri, 'create table t as select 7 as n')
    child.stdin?.end()
    await ended(pid)
    const { connectionString } = await home.start(data)
    expect(await query(connectionString, 'select n from t')).toEqual([7])
    expect((await stat(data)).uid).toBe((await stat(own)).uid)
  })
})

/**
 * Goal: `courant cluster` says what it started, starts nothing by itself that was killed unless it
 * is told to, and leaves neither an orphan nor a directory that cannot be started again.
 */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { startTestPostgres } from '@courant/testkit'
import { afterEach, expect, it } from 'vitest'
import { ClusterProcess } from './support/cluster-process.ts'
import { postJson, readTopic } from './support/read-topic.ts'
import { until } from './support/until.ts'

const SMALL = ['--brokers', '1', '--gateways', '1', '--control-planes', '1'] as const

let cluster: ClusterProcess | null = null

afterEach(async () => {
  await cluster?.stop()
  cluster = null
})

function isAlive(pid: number | null): boolean {
  try {
    return pid !== null && process.kill(pid, 0)
  } catch {
    return false
  }
}

it('lists what it started, for people and for programs, and stops it from the edge inwards', async () => {
  cluster = await ClusterProcess.start('--gateways', '3', '--brokers', '2', '--racks', 'a,b')
  const { processes, tenant } = await cluster.file()
  expect(processes.map(({ role, id }) => `${role} ${id}`)).toEqual([
    'postgres 1',
    'control-plane 1',
    'control-plane 2',
    'broker 1',
    'broker 2',
    'gateway 1',
    'gateway 2',
    'gateway 3',
  ])
  for (const { role, id, pid } of processes) {
    expect(isAlive(pid)).toBe(true)
    expect(cluster.output).toMatch(
      new RegExp(`${role} +${id} +${pid} .*/${role}-${id}\\.log$`, 'm'),
    )
  }
  expect(cluster.output).toMatch(/^ +broker +2 .* b /m)
  const file = await stat(join(cluster.dataDirectory, 'cluster.json'))
  expect(file.mode & 0o777).toBe(0o600)
  expect(tenant).toBe('default')
  expect(await cluster.end('SIGINT')).toBe(0)
  expect(cluster.output).toMatch(
    /gateway 1\n +gateway 2\n +gateway 3\n +broker 2\n +broker 1\n +control-plane 1\n +control-plane 2\n +PostgreSQL\nStopped\.\n$/,
  )
  expect(processes.filter(({ pid }) => isAlive(pid))).toEqual([])
  const { status, stderr } = await cluster.command('status')
  expect([status, stderr]).toEqual([1, expect.stringContaining('No cluster runs on')])
})

it('is refused on a directory that has one, and is stopped by the command', async () => {
  const postgres = await startTestPostgres()
  cluster = await ClusterProcess.startOn(await postgres.createDatabase(), ...SMALL)
  const roles = (await cluster.file()).processes.map(({ role }) => role)
  expect(roles, 'no database of its own').toEqual(['control-plane', 'broker', 'gateway'])
  const { url } = await cluster.gateway(1)
  const second = cluster.launch(...SMALL)
  expect(await second.ended).toBe(1)
  const { pid } = (await cluster.file()).supervisor
  expect(second.output).toContain(`already runs on ${cluster.dataDirectory} (pid ${pid}, ${url})`)
  const unknown = await cluster.command('restart', 'broker', '7')
  expect([unknown.status, unknown.stderr]).toEqual([
    1,
    expect.stringContaining('There is no broker 7 in this cluster; there are: 1.'),
  ])
  expect(await cluster.order('stop')).toBe('Stopped.\n')
  await until(async () => (isAlive(pid) ? null : true))
  await postgres.stop()
})

it('ends every process when the supervisor is killed, and comes back with all there was', async () => {
  cluster = await ClusterProcess.start(...SMALL)
  const { processes, supervisor } = await cluster.file()
  const before = await cluster.gateway(1)
  const record = { key: 'k', value: 1 }
  await postJson(before, '/v1/topics', { name: 'kept', partitions: 1, replicationFactor: 1 })
  await postJson(before, '/v1/topics/kept/records', { records: [record] })
  const stopped = await cluster.pid('gateway', 1)
  process.kill(stopped, 'SIGSTOP')
  process.kill(supervisor.pid, 'SIGKILL')
  const others = processes.filter(({ pid }) => pid !== stopped)
  await until(async () => (others.some(({ pid }) => isAlive(pid)) ? null : true))
  const output = await cluster.start(...SMALL)
  expect(output).toContain(`was killed. Waiting for the end of gateway 1 (pid ${stopped}).`)
  expect(processes.filter(({ pid }) => isAlive(pid))).toEqual([])
  const after = await cluster.gateway(1)
  expect(after).toEqual(before)
  expect(await readTopic(after, 'kept', 1)).toMatchObject([record])
})

it('starts again what was killed only when it is told to', async () => {
  cluster = await ClusterProcess.start(...SMALL)
  await cluster.kill('gateway', 1)
  const restart =
    'gateway 1 ended by SIGKILL. To start it again: npx courant cluster restart gateway 1'
  expect(cluster.output).toContain(restart)
  expect(await cluster.order('status')).toMatch(/^gateway +1 +- +ended \(SIGKILL\)/m)
  await cluster.order('restart', 'gateway', '1')
  expect(isAlive(await cluster.pid('gateway', 1))).toBe(true)
  await cluster.end('SIGTERM')

  await cluster.start('--supervise', ...SMALL)
  const { pid } = (await cluster.file()).processes.find(({ role }) => role === 'broker') ?? {}
  process.kill(pid ?? 0, 'SIGKILL')
  const status = (): Promise<string> => cluster?.order('status') ?? Promise.resolve('')
  await until(async () => (/^broker +1 +(?!-)\d+ +ready/m.test(await status()) ? true : null))
  expect(await cluster.pid('broker', 1)).not.toBe(pid)
})

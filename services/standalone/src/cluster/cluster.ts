/**
 * The services as processes of their own on this machine, over one PostgreSQL: what `npm run
 * cluster` starts. Nothing here serves a request; it starts, watches and stops those that do.
 */
import { resolve } from 'node:path'
import type { Address, Clock, Random } from '@courant/kernel'
import { type Credentials, readCredentials, writeCredentials } from '../credentials-file.ts'
import { DEFAULT_TENANT, ensureDefaultTenant } from '../default-tenant.ts'
import { InstanceLock } from '../instance-lock.ts'
import { newOperatorKey } from '../operator-key.ts'
import { markRunning } from '../running-mark.ts'
import { StartedParts } from '../started-parts.ts'
import { brokerDirectories, refuseStandalone } from './broker-directories.ts'
import { ClusterFile } from './cluster-file.ts'
import { ControlServer, type Orders } from './control-server.ts'
import { endLeftovers } from './leftovers.ts'
import type { MemberStatus } from './member.ts'
import { Members } from './members.ts'
import { Ports } from './ports.ts'
import { PostgresMember } from './postgres-member.ts'
import { ServiceMember, type ServicePlan } from './service-member.ts'
import { logPath, ServicePlans } from './service-plans.ts'
import type { ClusterConfig } from './settings.ts'

export interface ClusterPorts {
  readonly clock: Clock
  readonly random: Random
  /** Of the supervisor: what it does not decide itself is handed on to the services. */
  readonly environment: NodeJS.ProcessEnv
  /** A line for whoever watches. */
  readonly say: (line: string) => void
  /** Aborts when the cluster is to stop, also while it still starts. */
  readonly stopping: AbortSignal
  /** Has the above abort: an order to stop has come from the command. */
  readonly requestStop: () => void
  /** Changes how processes are started: for a harness. Not given, nothing is changed. */
  readonly adapt?: (plan: ServicePlan) => Promise<ServicePlan>
}

/** A cluster that serves. */
export interface Cluster {
  readonly dataDirectory: string
  readonly credentials: Credentials
  readonly processes: readonly MemberStatus[]
  readonly orders: Orders
  stop(): Promise<void>
}

/** Resolves when records can be produced. What was started before a failure is stopped again. */
export async function startCluster(config: ClusterConfig, ports: ClusterPorts): Promise<Cluster> {
  const parts = new StartedParts()
  try {
    return await startParts(config, ports, parts)
  } catch (error) {
    await parts.stop(() => {})
    throw error
  }
}

async function startParts(
  config: ClusterConfig,
  ports: ClusterPorts,
  parts: StartedParts,
): Promise<Cluster> {
  const { clock, random, environment, say, stopping, requestStop } = ports
  const dataDirectory = resolve(config.dataDirectory)
  const lock = new InstanceLock(dataDirectory)
  parts.add('data directory', async () => lock.release())
  refuseStandalone(dataDirectory)
  const known = await readCredentials(dataDirectory)
  const file = new ClusterFile(dataDirectory)
  await endLeftovers(file.leftProcesses(), clock, say)
  const operatorKey = known?.operatorKey ?? newOperatorKey(random)
  const tcp = new Ports(config.portOffset)
  const token = Buffer.from(random.bytes(32)).toString('hex')
  const control = await ControlServer.start(await tcp.choose('supervisor', 0), token, requestStop)
  parts.add('orders', () => control.stop())

  const supervise = config.supervise === 'on'
  const onChange = (): void => file.update()
  const members = new Members({ clock, supervise, say, stopping, onChange })
  parts.add('cluster file', () => file.remove())
  parts.add('processes', () => members.stopAll((name) => say(`  ${name}`)))
  const databaseUrl = config.databaseUrl ?? (await startPostgres(members, dataDirectory))
  const plans = new ServicePlans({
    ...config,
    ports: tcp,
    dataDirectory,
    databaseUrl,
    operatorKey,
    environment,
    adapt: ports.adapt ?? ((plan) => Promise.resolve(plan)),
  })
  const start = (plan: ServicePlan): Promise<void> => members.start(new ServiceMember(plan, clock))
  const controlPlane = await startControlPlanes(config.controlPlanes, plans, start)
  const apiKey = await ensureDefaultTenant(controlPlane, clock, known?.apiKey ?? null)
  const brokers = new Set([...idsTo(config.brokers), ...brokerDirectories(dataDirectory)])
  await startEach([...brokers], (id) => plans.broker(id), start)
  const [url = ''] = await startEach(idsTo(config.gateways), (id) => plans.gateway(id), start)

  const credentials = { url, tenant: DEFAULT_TENANT, apiKey, operatorKey }
  await writeCredentials(dataDirectory, credentials)
  lock.tell(url)
  const unmark = markRunning(url)
  parts.add('mark of this process', async () => unmark())
  const orders: Orders = {
    status: () => members.status(),
    restart: (role, id) => members.restart(role, id),
    stop: (role, id) => members.stop(role, id),
    async add(role) {
      const id = members.nextId(role)
      await start(await plans.another(role, id))
      return await members.statusOf(role, id)
    },
  }
  control.take(orders)
  const supervisor = { pid: process.pid, url: control.url, token }
  await file.write(async () => ({
    processes: (await members.status()).map(({ state, exit, ...process }) => process),
    tenant: DEFAULT_TENANT,
    apiKey,
    operatorKey,
    supervisor,
  }))
  const processes = await members.status()
  return { dataDirectory, credentials, processes, orders, stop: () => parts.stop(() => {}) }
}

/** Its URL. */
async function startPostgres(members: Members, dataDirectory: string): Promise<string> {
  const postgres = new PostgresMember(
    resolve(dataDirectory, 'postgres'),
    logPath(dataDirectory, 'postgres', 1),
  )
  await members.start(postgres)
  return postgres.url
}

/** The first one alone, for it may have to migrate the database. The address of that one. */
async function startControlPlanes(
  count: number,
  plans: ServicePlans,
  start: (plan: ServicePlan) => Promise<void>,
): Promise<Address> {
  const [first, ...others] = await Promise.all(idsTo(count).map((id) => plans.controlPlane(id)))
  if (first === undefined) throw new Error('there is at least one control plane')
  await start(first)
  await Promise.all(others.map(start))
  const { hostname, port } = new URL(first.url)
  return { host: hostname, port: Number(port) }
}

/** Their URLs. */
async function startEach(
  ids: readonly number[],
  planOf: (id: number) => Promise<ServicePlan>,
  start: (plan: ServicePlan) => Promise<void>,
): Promise<readonly string[]> {
  const plans = await Promise.all(ids.map(planOf))
  await Promise.all(plans.map(start))
  return plans.map(({ url }) => url)
}

function idsTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1)
}

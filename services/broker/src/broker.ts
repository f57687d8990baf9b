/** The composition root: which parts there are, in which order they begin and end. */
import { type Address, assert, BusError, brokerId } from '@courant/kernel'
import { type LogDirectory, openNodeStorage, type Storage } from '@courant/log'
import type { ServicePorts } from '@courant/service-kit'
import { observeBroker } from './broker-metrics.ts'
import type { BrokerStanding } from './control-plane/broker-standing.ts'
import type { ControlPlaneLink } from './control-plane/control-plane-link.ts'
import { GrpcControlPlaneLink } from './control-plane/grpc-control-plane-link.ts'
import { Membership } from './control-plane/membership.ts'
import { ProducerIds } from './control-plane/producer-ids.ts'
import { DataDirectory } from './directory/data-directory.ts'
import { KeySampling } from './keys/key-sampling.ts'
import type { PartitionRegistry } from './partition/partition-registry.ts'
import { Traffic } from './partition/traffic.ts'
import { replicatePartitions } from './replication/replicated-partitions.ts'
import { RequestService } from './rpc/request-service.ts'
import { advertisedAddress, type BrokerConfig, wholeBlocks } from './settings.ts'

/** A broker that serves. */
export interface Broker {
  readonly address: Address
  /**
   * Lets the control plane move leaders away, answers what is under way, and leaves everything in
   * synced files.
   */
  stop(): Promise<void>
}

/** A broker whose logs and partitions may be looked at, by who checks them. */
export interface RunningBroker extends Broker {
  readonly logs: LogDirectory
  readonly partitions: PartitionRegistry
}

/** What a broker needs beyond the ports of every service. */
export interface BrokerPorts extends ServicePorts {
  readonly storage: Storage
  readonly link: ControlPlaneLink
}

/** How long leaders may take to move away before the broker stops all the same. */
const LEAVE_MS_MAX = 5_000

/**
 * Resolves once the logs are recovered, the listener is open, and the broker is registered and has
 * metadata as new as its registration. Rejects with what an operator has to change, or with
 * SHUTTING_DOWN when `stopping` aborts while it waits for the control plane.
 */
export async function startBroker(
  config: BrokerConfig,
  ports: ServicePorts,
  stopping?: AbortSignal,
): Promise<Broker> {
  return await startBrokerOn(await openNodeStorage(config.dataDirectory), config, ports, stopping)
}

/** The same on another disk than that of the machine. */
export async function startBrokerOn(
  storage: Storage,
  config: BrokerConfig,
  ports: ServicePorts,
  stopping?: AbortSignal,
): Promise<Broker> {
  const { clock, random, log } = ports
  const link = new GrpcControlPlaneLink({ addresses: config.controlPlane, clock, random, log })
  return await runBroker(config, { ...ports, storage, link }, stopping)
}

/** The same on a storage and a control plane of the caller's. */
export async function runBroker(
  config: BrokerConfig,
  ports: BrokerPorts,
  stopping: AbortSignal = new AbortController().signal,
): Promise<RunningBroker> {
  const ending = new Ending()
  try {
    return await assemble(config, ports, ending, stopping)
  } catch (error) {
    await ending.run()
    throw error
  }
}

/** How what has begun ends: in the reverse order. */
class Ending {
  readonly #steps: (() => Promise<void>)[] = []

  add(step: () => Promise<void>): void {
    this.#steps.push(step)
  }

  async run(): Promise<void> {
    for (const step of this.#steps.splice(0).reverse()) await step()
  }
}

async function assemble(
  config: BrokerConfig,
  ports: BrokerPorts,
  ending: Ending,
  stopping: AbortSignal,
): Promise<RunningBroker> {
  const { clock, network, log, link, metrics, health } = ports
  let membership: Membership | null = null
  ending.add(async () => link.close())
  const directory = await openDirectory(config, ports, () => membership?.storageFailed())
  ending.add(() => directory.close())
  const { clusterId, seen } = directory.identity
  const feed = link.watchMetadata(clusterId === '' ? undefined : { clusterId, ...seen })
  ending.add(() => feed.stop())
  const traffic = new Traffic()
  const keySampling = new KeySampling()
  const { logs } = directory
  const id = brokerId(config.brokerId)
  const { partitions, watch } = replicatePartitions({
    ...ports,
    traffic,
    keySampling,
    directory: logs,
    metadata: feed.copy,
    brokerId: id,
    brokerEpoch: () => membership?.brokerEpoch ?? null,
    lagMaxMs: config.replicaLagMs,
  })
  watch.start()
  ending.add(async () => watch.stop())
  const producerIds = new ProducerIds({
    ...ports,
    allocate: () => link.allocateProducerIds({ brokerId: id, brokerEpoch: epochOf(membership) }),
  })
  ending.add(() => producerIds.close())
  const isLeaseOver = (): boolean => membership?.isLeaseOver ?? true
  const standing = (): BrokerStanding => {
    assert(membership !== null, 'nothing is asked before the listener is open')
    return membership.standing
  }
  const parts = { network, clock, log, partitions, producerIds, isLeaseOver, standing }
  const service = new RequestService(parts)
  ending.add(() => service.stop())
  const address = await service.listen(config.listen)
  const { host, port } = advertisedAddress(config, address)
  const broker = { brokerId: id, rack: config.rack, host, port }
  const member = new Membership({ ...ports, metadata: feed.copy, directory, partitions, broker })
  membership = member
  ending.add(() => member.close())
  observeBroker(metrics, { ...service, clock, logs, traffic, keySampling, partitions })
  health.add('membership', () => member.problem)
  health.add('partitions', () => startingProblem(partitions))
  await member.start(stopping)
  producerIds.start()
  log.info({ address }, 'the broker serves')
  return {
    address,
    logs,
    partitions,
    async stop() {
      health.drain()
      await member.leave(LEAVE_MS_MAX)
      await ending.run()
    },
  }
}

function openDirectory(
  config: BrokerConfig,
  { storage, clock, random, log }: BrokerPorts,
  onOffline: () => void,
): Promise<DataDirectory> {
  return DataDirectory.open({
    storage,
    path: config.dataDirectory,
    brokerId: config.brokerId,
    ringBytes: wholeBlocks(config.ringBytes),
    clock,
    random,
    log,
    onOffline,
  })
}

/** Throws while the control plane does not know this process. */
function epochOf(membership: Membership | null): number {
  const epoch = membership?.brokerEpoch ?? null
  if (epoch === null) throw new BusError('STALE_BROKER_EPOCH', 'The broker is not registered now.')
  return epoch
}

function startingProblem({ startingCount }: PartitionRegistry): string | null {
  return startingCount === 0 ? null : `${startingCount} partitions are about to be led.`
}

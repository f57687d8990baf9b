/** What brokers have on their disks, whatever the metadata says of them (reliability B1.2). */
import type { BrokerLogs } from '@courant/api/internal/v1/cluster'
import { BrokerConnection, type ResponseOf, replicaLogsApi } from '@courant/kafka-protocol'
import type { Address, Clock, Network } from '@courant/kernel'

export interface AskedBroker extends Address {
  readonly brokerId: number
}

export interface BrokerAnswers {
  readonly brokers: readonly BrokerLogs[]
  /** Of all that were asked, those that nothing was heard of at any of their addresses. */
  readonly silentBrokers: readonly number[]
}

interface Ports {
  readonly network: Network
  readonly clock: Clock
}

/** Well within what an operator's request may take: the control plane is asked after that. */
const HANDSHAKE_TIMEOUT_MS = 2_000
const REQUEST_TIMEOUT_MS = 10_000

/**
 * Asks all of them at once, each over a connection of its own: the copy of the metadata that the
 * pools go by may lack brokers that the database knows, and the other way round. A broker may be
 * given at several addresses. Never rejects.
 */
export async function askBrokers(
  ports: Ports,
  asked: readonly AskedBroker[],
): Promise<BrokerAnswers> {
  const addresses = new Map(asked.map(({ host, port }) => [`${host}:${port}`, { host, port }]))
  const answers = await Promise.all(
    [...addresses.values()].map((address) => ask(ports, address).catch(() => null)),
  )
  const brokers = new Map<number, BrokerLogs>()
  for (const answer of answers) if (answer !== null) brokers.set(answer.brokerId, answer)
  const silent = asked.map(({ brokerId }) => brokerId).filter((id) => !brokers.has(id))
  return { brokers: [...brokers.values()], silentBrokers: [...new Set(silent)] }
}

async function ask({ network, clock }: Ports, address: Address): Promise<BrokerLogs> {
  const connection = await BrokerConnection.open({
    network,
    clock,
    address,
    clientId: 'courant-gateway-restore',
    handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS,
    answerOrder: 'any-order',
  })
  try {
    return logsOf(await connection.request(replicaLogsApi, {}, REQUEST_TIMEOUT_MS))
  } finally {
    connection.close()
  }
}

function logsOf({
  topics,
  throttleTimeMs: _throttled,
  ...broker
}: ResponseOf<typeof replicaLogsApi>): BrokerLogs {
  const logs = topics.flatMap(({ topicId, partitions }) =>
    partitions.map(({ partitionIndex, ...log }) => ({
      topicId,
      partition: partitionIndex,
      ...log,
    })),
  )
  return { ...broker, logs }
}

/** What brokers ask, also those that are gone, late, or mistaken. */
import type {
  AllocateProducerIdsRequest,
  AlterPartitionsRequest,
  InSyncChange,
  RegisterBrokerRequest,
  SendHeartbeatRequest,
} from '@courant/api/internal/v1/broker'
import { limits, type MetadataPosition } from '@courant/kernel'
import { fenceBroker } from '../../src/brokers/fence-broker.ts'
import { sendHeartbeat } from '../../src/brokers/heartbeat.ts'
import { readSessions } from '../../src/brokers/read-sessions.ts'
import { registerBroker } from '../../src/brokers/register-broker.ts'
import { alterPartitions } from '../../src/in-sync-replicas/alter-partitions.ts'
import { allocateProducerIds } from '../../src/producer-ids/allocate-producer-ids.ts'
import type { BrokerRow } from '../../src/schema/broker.ts'
import type { PartitionRow } from '../../src/schema/partition.ts'
import { readSessions as readModelSessions } from '../model/brokers/sessions.ts'
import { ONLY_ROW } from '../model/database/cluster-state.ts'
import * as model from '../model/index.ts'
import { type Kind, kind, type View } from './operation.ts'
import { ABSENT, BROKER_IDS, brokerOf, SESSION_MS, tenantOf } from './world.ts'

export const brokerCalls: readonly Kind[] = [
  kind('registerBroker', 5, {
    request: registration,
    onReal: ({ cluster }, request) =>
      registerBroker({ cluster, sessionTimeoutMs: SESSION_MS }, request),
    onModel: ({ cluster }, request) =>
      model.registerBroker({ cluster, sessionTimeoutMs: SESSION_MS }, request),
  }),
  kind('sendHeartbeat', 22, {
    request: heartbeat,
    onReal: ({ cluster }, { request, versionOneSessionAgo }) =>
      sendHeartbeat(
        { cluster, sessionTimeoutMs: SESSION_MS, versionOneSessionAgo: () => versionOneSessionAgo },
        request,
      ),
    onModel: ({ cluster }, { request, versionOneSessionAgo }) =>
      model.sendHeartbeat(
        { cluster, sessionTimeoutMs: SESSION_MS, versionOneSessionAgo: () => versionOneSessionAgo },
        request,
      ),
  }),
  kind('fenceBroker', 4, {
    request: ({ state, choices }) => {
      const row = brokerOf({ state, choices })
      return { ...row, brokerEpoch: row.brokerEpoch - (choices.percent(10) ? 1 : 0) }
    },
    onReal: ({ cluster }, { brokerId, brokerEpoch }) => fenceBroker(cluster, brokerId, brokerEpoch),
    onModel: ({ cluster }, { brokerId, brokerEpoch }) =>
      model.fenceBroker(cluster, brokerId, brokerEpoch),
  }),
  kind('readSessions', 2, {
    request: () => null,
    onReal: async ({ cluster }) =>
      (await readSessions(cluster)).map((reading) => ({
        ...reading,
        expiresAt: String(Date.parse(reading.expiresAt)),
      })),
    onModel: () => model.transaction(readModelSessions),
  }),
  kind('alterPartitions', 16, {
    request: alteration,
    onReal: ({ cluster }, request) => alterPartitions(cluster, request),
    onModel: ({ cluster }, request) => model.alterPartitions(cluster, request),
  }),
  kind('allocateProducerIds', 1, {
    request: (view): AllocateProducerIdsRequest => {
      const { choices } = view
      const { brokerId, brokerEpoch } = brokerOf(view)
      const tenantId = choices.percent(40) ? '' : tenantOf(view)
      return { brokerId, brokerEpoch: brokerEpoch + (choices.percent(10) ? 1 : 0), tenantId }
    },
    onReal: ({ cluster }, request) => allocateProducerIds(cluster, request),
    onModel: ({ cluster }, request) => model.allocateProducerIds(cluster, request),
  }),
]

/** Mostly what there is; seldom what there is not yet, so that the database looks restored. */
function seen({ state, choices }: Pick<View, 'state' | 'choices'>): MetadataPosition | undefined {
  const meta = state.meta.get(ONLY_ROW)
  if (meta === undefined || choices.percent(5)) return undefined
  const { clusterIncarnation, metadataVersion } = meta
  const isAhead = choices.percent(0.5)
  const ahead = isAhead && choices.percent(20) ? 1 : 0
  return {
    clusterIncarnation: clusterIncarnation + ahead,
    metadataVersion: metadataVersion + (isAhead ? choices.between(1, 3) : choices.one(0, -1)),
  }
}

/** A first process, the next one, the same again, one of a stale copy, a stranger, nonsense. */
function registration({ state, choices }: View): RegisterBrokerRequest {
  const brokerId = choices.one(...BROKER_IDS)
  const known = state.brokers.get(brokerId)
  const { random } = choices
  const isRepeat = known !== undefined && choices.percent(10)
  const isSameDisk = known !== undefined && choices.percent(80)
  const request: RegisterBrokerRequest = {
    brokerId,
    incarnationId: isRepeat ? known.incarnationId : random.uuid(),
    directoryId: isSameDisk ? (known.vouchedDirectoryId ?? known.directoryId) : random.uuid(),
    clusterId: choices.percent(3) ? ABSENT : '',
    host: `host-${choices.percent(15) ? brokerId % 2 : brokerId}`,
    port: 9_092,
    rack: choices.one('', `rack-${brokerId % 2}`),
    previousBrokerEpoch: previousEpoch(known, choices),
    intact: choices.percent(75),
    seen: seen({ state, choices }),
  }
  if (choices.percent(97)) return request
  return {
    ...request,
    ...choices.one({ port: 0 }, { host: '' }, { incarnationId: 'x' }, { brokerId: -1 }),
  }
}

function previousEpoch(known: BrokerRow | undefined, choices: View['choices']): number {
  if (known === undefined) return 0
  const { brokerEpoch, vouchedEpochs } = known
  const [oldest = brokerEpoch] = vouchedEpochs
  if (choices.percent(60)) return choices.one(oldest, vouchedEpochs.at(-1) ?? brokerEpoch)
  return choices.one(brokerEpoch, brokerEpoch + 1, oldest - 1, 0)
}

function heartbeat(view: View): {
  readonly request: SendHeartbeatRequest
  readonly versionOneSessionAgo: number
} {
  const { choices, version } = view
  const { brokerId, brokerEpoch } = brokerOf(view)
  const request = {
    brokerId,
    brokerEpoch: brokerEpoch - (choices.percent(5) ? 1 : 0),
    metadataVersion: choices.percent(75) ? version : choices.one(0, brokerEpoch, version - 2),
    storageOffline: choices.percent(4),
    wantShutdown: choices.percent(10),
    ready: choices.percent(90),
    seen: seen(view),
  }
  return {
    request,
    versionOneSessionAgo: choices.percent(60) ? 0 : choices.one(version, version - 2),
  }
}

function alteration(view: View): AlterPartitionsRequest {
  const { state, choices } = view
  const led = choices.any([...state.partitions.values()].filter(({ leader }) => leader !== null))
  const sender =
    led === undefined || choices.percent(5)
      ? brokerOf(view)
      : (state.brokers.get(led.leader ?? -1) ?? brokerOf(view))
  const own = [...state.partitions.values()].filter(({ leader }) => leader === sender.brokerId)
  const chosen = choices.shuffled(own).slice(0, choices.between(1, 3))
  const changes = chosen.map((row) => changeOf(view, row, sender.brokerId))
  const [again] = chosen
  if (again !== undefined && choices.percent(5))
    changes.push(changeOf(view, again, sender.brokerId))
  const foreign = choices.any(state.partitions.values())
  if (foreign !== undefined && choices.percent(5))
    changes.push(changeOf(view, foreign, sender.brokerId))
  if (choices.percent(3)) changes.push({ ...noChange, topicId: choices.one(ABSENT, 'x') })
  if (choices.percent(0.5)) changes.push(...tooMany)
  const { brokerId, brokerEpoch } = sender
  return { brokerId, brokerEpoch: brokerEpoch - (choices.percent(3) ? 1 : 0), changes }
}

const noChange: InSyncChange = {
  topicId: ABSENT,
  partition: 0,
  leaderEpoch: 0,
  partitionEpoch: 0,
  inSyncReplicas: [],
}
const tooMany = Array.from({ length: limits.electionsPerTransactionMax + 1 }, () => noChange)

/** Mostly one that succeeds: who is active comes in, or somebody goes. */
function changeOf({ state, choices }: View, row: PartitionRow, sender: number): InSyncChange {
  const { topicId, partition, leader, replicas, inSyncReplicas } = row
  const { leaderEpoch, partitionEpoch } = row
  const up = replicas.filter((id) => state.brokers.get(id)?.state === 'active')
  const wished = choices.percent(70)
    ? [...new Set([...up, ...(choices.percent(50) ? inSyncReplicas : [])])]
    : choices.some(choices.percent(90) ? replicas : BROKER_IDS)
  const members = choices.percent(95) && leader !== null ? [...wished, leader] : wished
  const set = choices.percent(98) ? [...new Set(members)] : members
  // Of a replica that withdraws.
  const ids = choices.percent(10) ? inSyncReplicas.filter((id) => id !== sender) : set
  return {
    topicId,
    partition,
    leaderEpoch: leaderEpoch + (choices.percent(4) ? choices.one(-1, 1) : 0),
    partitionEpoch: partitionEpoch + (choices.percent(4) ? choices.one(-1, 1) : 0),
    inSyncReplicas: ids.map((brokerId) => ({
      brokerId,
      brokerEpoch: memberEpoch(state.brokers.get(brokerId), choices),
    })),
  }
}

function memberEpoch(known: BrokerRow | undefined, choices: View['choices']): number {
  const epoch = known?.brokerEpoch ?? 1
  return choices.percent(88) ? epoch : choices.one(0, epoch - 1)
}

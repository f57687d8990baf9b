/**
 * From the wire form of an entry to the values of the model. Throws on what no control plane sends.
 */
import {
  BrokerState,
  Scope,
  type ApiKey as WireApiKey,
  type Broker as WireBroker,
  type Partition as WirePartition,
  type Tenant as WireTenant,
  type Topic as WireTopic,
} from '@courant/api/internal/v1/metadata'
import { assert, brokerId, leaderEpoch, partitionIndex, topicId } from '@courant/kernel'
import type { Interner } from './interner.ts'
import type { ApiKey, Broker, Partition, Tenant, Topic } from './model.ts'

export function decodeTenant(wire: WireTenant, version: number, intern: Interner): Tenant {
  return {
    tenantId: intern.tenant(wire.tenantId),
    name: wire.name,
    createdAtMs: wire.createdAtMs,
    version,
  }
}

export function decodeApiKey(wire: WireApiKey, version: number, intern: Interner): ApiKey {
  const isOperator = wire.scope === Scope.SCOPE_OPERATOR
  assert(isOperator || wire.scope === Scope.SCOPE_TENANT_ADMIN, 'unknown scope of an API key')
  assert(isOperator === (wire.tenantId === ''), 'a key belongs to a tenant or is an operator key')
  return {
    keyId: wire.keyId,
    tenantId: isOperator ? null : intern.tenant(wire.tenantId),
    name: wire.name,
    scope: isOperator ? 'operator' : 'tenantAdmin',
    secretSha256: wire.secretSha256,
    createdAtMs: wire.createdAtMs,
    expiresAtMs: wire.expiresAtMs === 0 ? null : wire.expiresAtMs,
    version,
  }
}

export function decodeTopic(wire: WireTopic, version: number, intern: Interner): Topic {
  const { config, settings } = intern.config(wire.config)
  return {
    topicId: topicId(wire.topicId),
    tenantId: intern.tenant(wire.tenantId),
    name: wire.name,
    partitionCount: wire.partitionCount,
    replicationFactor: wire.replicationFactor,
    config,
    settings,
    createdAtMs: wire.createdAtMs,
    version,
  }
}

export function decodePartition(
  wire: WirePartition,
  topic: Topic,
  version: number,
  intern: Interner,
): Partition {
  return {
    topicId: topic.topicId,
    partition: partitionIndex(wire.partition),
    replicas: intern.brokers(wire.replicas),
    inSyncReplicas: intern.brokers(wire.inSyncReplicas),
    leader: wire.leader === undefined ? null : brokerId(wire.leader),
    leaderEpoch: leaderEpoch(wire.leaderEpoch),
    partitionEpoch: wire.partitionEpoch,
    effectiveMinIsr: wire.effectiveMinIsr,
    eligibleReplicas: intern.brokers(wire.eligibleReplicas),
    lastUncleanLeaderEpoch: leaderEpoch(wire.lastUncleanLeaderEpoch),
    addingReplicas: intern.brokers(wire.addingReplicas),
    removingReplicas: intern.brokers(wire.removingReplicas),
    version,
  }
}

export function decodeBroker(wire: WireBroker, version: number): Broker {
  return {
    brokerId: brokerId(wire.brokerId),
    brokerEpoch: wire.brokerEpoch,
    host: wire.host,
    port: wire.port,
    rack: wire.rack,
    state: decodeState(wire.state),
    reassignmentBytesPerSecond: wire.reassignmentBytesPerSecond,
    version,
  }
}

/** A state of a newer version is taken for the one in which nobody relies on the broker. */
function decodeState(state: BrokerState): Broker['state'] {
  if (state === BrokerState.BROKER_STATE_ACTIVE) return 'active'
  return state === BrokerState.BROKER_STATE_DRAINING ? 'draining' : 'fenced'
}

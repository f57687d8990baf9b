/**
 * Branded numbers and strings: the compiler keeps an offset from being passed as an epoch.
 * Each constructor checks; a value of the type is known to be good.
 */
import { assert } from './assert.ts'

/** Position of a record in a partition's log, 0-based. */
export type Offset = number & { readonly brand: 'Offset' }
/** One leader's term of a partition. */
export type LeaderEpoch = number & { readonly brand: 'LeaderEpoch' }
/** A byte in a file. Never an offset. */
export type Position = number & { readonly brand: 'Position' }
/** Lower-case UUID of a topic. Below the gateway a topic has no other name. */
export type TopicId = string & { readonly brand: 'TopicId' }
/** Lower-case UUID of a tenant. */
export type TenantId = string & { readonly brand: 'TenantId' }
export type BrokerId = number & { readonly brand: 'BrokerId' }
/** Index of a partition in its topic, 0-based. */
export type PartitionIndex = number & { readonly brand: 'PartitionIndex' }

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

export function offset(value: number): Offset {
  assert(Number.isSafeInteger(value) && value >= 0, 'offset out of range')
  return value as Offset
}

export function leaderEpoch(value: number): LeaderEpoch {
  assert(Number.isInteger(value) && value >= -1 && value <= 0x7fffffff, 'leader epoch out of range')
  return value as LeaderEpoch
}

export function position(value: number): Position {
  assert(Number.isSafeInteger(value) && value >= 0, 'position out of range')
  return value as Position
}

export function partitionIndex(value: number): PartitionIndex {
  assert(Number.isInteger(value) && value >= 0 && value <= 0x7fffffff, 'partition out of range')
  return value as PartitionIndex
}

export function brokerId(value: number): BrokerId {
  assert(Number.isInteger(value) && value >= 0 && value <= 0x7fffffff, 'broker id out of range')
  return value as BrokerId
}

export function isUuid(value: string): boolean {
  return UUID.test(value)
}

export function topicId(value: string): TopicId {
  assert(isUuid(value), 'topic id is not a UUID')
  return value as TopicId
}

export function tenantId(value: string): TenantId {
  assert(isUuid(value), 'tenant id is not a UUID')
  return value as TenantId
}

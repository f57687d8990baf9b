/** Why a partition does not serve. Made once: a refusal must cost less than an append. */
import { BusError } from '@courant/kernel'

export const NOT_LEADER = new BusError('NOT_LEADER', 'This broker does not lead the partition.')

export const STARTING = new BusError('NOT_LEADER', 'This broker is about to lead the partition.')

export const DELETED = new BusError('PARTITION_NOT_FOUND', 'This partition has been deleted.')

export const OFFLINE = new BusError(
  'STORAGE_OFFLINE',
  'The data directory of this broker is offline after a disk error.',
)

export const STOPPING = new BusError('SHUTTING_DOWN', 'This broker is shutting down.')

export const NOT_ENOUGH_REPLICAS = new BusError(
  'NOT_ENOUGH_REPLICAS',
  'Fewer replicas are in sync than min.insync.replicas asks for.',
)

/** What a failure to begin a term means for those who ask from then on. */
export function refusalOf(error: BusError): BusError {
  if (error.code === 'STORAGE_FAILED' || error.code === 'STORAGE_OFFLINE') return OFFLINE
  return error.facts.applied === 'no' && error.code !== 'FENCED_LEADER_EPOCH' ? error : NOT_LEADER
}

/** What the end of a term means for an append that is in the log and not acknowledged (B6.1). */
export function ambiguous(refusal: BusError): BusError {
  if (refusal.code === 'STORAGE_OFFLINE') {
    return new BusError('STORAGE_FAILED', 'The disk failed before the append was durable.')
  }
  return new BusError(
    'NOT_LEADER_AFTER_APPEND',
    'The leader ended its term before it could answer.',
  )
}

/** An expected error; what is not one is a bug, and goes on. */
export function expected(thrown: unknown): BusError {
  if (thrown instanceof BusError && thrown.code !== 'INTERNAL') return thrown
  throw thrown
}

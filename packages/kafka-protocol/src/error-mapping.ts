import { BusError, type ErrorCode, errorCodes } from '@courant/kernel'

/** What a request that failed would have done: a write that failed may still have happened. */
export type Operation = 'read' | 'write'

/** Kafka's number for "no error". */
export const NO_ERROR = 0

/**
 * Kafka has fewer numbers than we have codes. A broker of ours puts the code in front of the error
 * message where the response has one (Produce v8+), and then nothing is lost. Without a message
 * (another engine, or a response without the field) the table below decides, and for a write it
 * decides for the code that does not promise that nothing was applied, because a promise that is
 * wrong turns into a duplicate.
 */
const codeOfNumber: ReadonlyMap<number, ErrorCode> = new Map([
  [-1, 'INTERNAL'],
  [1, 'OFFSET_OUT_OF_RANGE'],
  [2, 'CORRUPT_MESSAGE'],
  [3, 'TOPIC_NOT_FOUND'],
  [5, 'NOT_LEADER'],
  [6, 'NOT_LEADER'],
  [7, 'TIMED_OUT'],
  [8, 'BROKER_UNAVAILABLE'],
  [9, 'NOT_LEADER'],
  [10, 'RECORD_TOO_LARGE'],
  [13, 'CONNECTION_LOST'],
  [15, 'CONTROL_PLANE_UNAVAILABLE'],
  [16, 'NOT_COORDINATOR'],
  [17, 'INVALID_TOPIC_NAME'],
  [18, 'RECORD_TOO_LARGE'],
  [19, 'NOT_ENOUGH_REPLICAS'],
  [20, 'NOT_ENOUGH_REPLICAS_AFTER_APPEND'],
  [29, 'PERMISSION_DENIED'],
  [32, 'INVALID_TIMESTAMP'],
  [35, 'UNSUPPORTED_VERSION'],
  [36, 'TOPIC_ALREADY_EXISTS'],
  [37, 'INVALID_PARTITIONS'],
  [38, 'INVALID_REPLICATION_FACTOR'],
  [39, 'INVALID_REPLICA_ASSIGNMENT'],
  [40, 'INVALID_CONFIG'],
  [41, 'METADATA_ROLLBACK'],
  [42, 'INVALID_ARGUMENT'],
  [45, 'OUT_OF_ORDER_SEQUENCE_NUMBER'],
  [46, 'DUPLICATE_SEQUENCE_NUMBER'],
  [47, 'INVALID_PRODUCER_EPOCH'],
  [56, 'STORAGE_OFFLINE'],
  [58, 'UNAUTHENTICATED'],
  // UNKNOWN_PRODUCER_ID: to Kafka's clients a kind of the same.
  [59, 'OUT_OF_ORDER_SEQUENCE_NUMBER'],
  [60, 'REASSIGNMENT_IN_PROGRESS'],
  [68, 'GROUP_NOT_EMPTY'],
  [69, 'GROUP_NOT_FOUND'],
  [74, 'FENCED_LEADER_EPOCH'],
  [76, 'UNKNOWN_LEADER_EPOCH'],
  [77, 'STALE_BROKER_EPOCH'],
  [78, 'OFFSET_NOT_AVAILABLE'],
  [81, 'GROUP_FULL'],
  [82, 'MEMBER_ID_IN_USE'],
  [84, 'ELECTION_NOT_NEEDED'],
  [85, 'NO_REASSIGNMENT_IN_PROGRESS'],
  [87, 'INVALID_RECORD'],
  [89, 'BUSY'],
  [95, 'INVALID_UPDATE_VERSION'],
  [100, 'TOPIC_NOT_FOUND'],
  [101, 'DUPLICATE_BROKER'],
  [102, 'BROKER_NOT_FOUND'],
  [107, 'INELIGIBLE_REPLICA'],
  [113, 'LEASE_EXPIRED'],
] as const)

/** Where the number alone leaves open whether a write happened. */
const codeOfNumberForWrites: ReadonlyMap<number, ErrorCode> = new Map([
  [5, 'NOT_LEADER_AFTER_APPEND'],
  [6, 'NOT_LEADER_AFTER_APPEND'],
  [56, 'STORAGE_FAILED'],
] as const)

/** Kafka's number for an error of ours. */
export function kafkaCodeOf(error: BusError): number {
  return error.facts.kafka
}

/** The text for a response that has room for one: the code, then the public detail. */
export function kafkaMessageOf(error: BusError): string {
  return `${error.code}: ${error.detail}`
}

/** The error that a Kafka number and message stand for. Total: an unknown number is INTERNAL. */
export function errorFromKafka(
  number: number,
  message: string | null,
  operation: Operation,
): BusError {
  const named = message === null ? null : namedError(number, message)
  if (named !== null) return named
  const ambiguous = operation === 'write' ? codeOfNumberForWrites.get(number) : undefined
  const code = ambiguous ?? codeOfNumber.get(number) ?? 'INTERNAL'
  const internal = { kafkaCode: number, kafkaMessage: message }
  return new BusError(code, `${errorCodes[code].title}.`, { internal })
}

/** Believed only when the code in front of the message has the number that came with it. */
function namedError(number: number, message: string): BusError | null {
  const separator = message.indexOf(': ')
  const name = message.slice(0, Math.max(0, separator))
  if (!Object.hasOwn(errorCodes, name)) return null
  const code = name as ErrorCode
  return errorCodes[code].kafka === number ? new BusError(code, message.slice(separator + 2)) : null
}

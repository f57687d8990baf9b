/** Requests to the broker as bytes, and where their answers hold error codes. */
import { apiVersionsApi, encodeRequestFrame, fetchApi, produceApi } from '@courant/kafka-protocol'

/** Without it a broker takes no large frame. */
export function handshakeFrame(): Buffer {
  return encodeRequestFrame(
    apiVersionsApi,
    { apiVersion: 3, correlationId: 0 },
    {
      clientSoftwareName: 'bench',
      clientSoftwareVersion: '1',
    },
  )
}

export function produceFrame(topicId: string, index: number, records: Buffer): Buffer {
  return encodeRequestFrame(
    produceApi,
    { apiVersion: 9, correlationId: 1 },
    {
      transactionalId: null,
      acks: -1,
      timeoutMs: 30_000,
      topics: [{ name: topicId, partitions: [{ index, records }] }],
    },
  )
}

/**
 * Of a Produce v9 answer for one partition: behind the header (4 and a tag byte), an array length,
 * the name with its length, an array length and the index.
 */
export const PRODUCE_ERROR_CODE = [48, 49]

export function fetchFrame(topicId: string, partition: number, at: number, bytes: number): Buffer {
  return encodeRequestFrame(
    fetchApi,
    { apiVersion: 12, correlationId: 2 },
    {
      replicaId: -1,
      maxWaitMs: 500,
      minBytes: 1,
      maxBytes: bytes,
      isolationLevel: 0,
      topics: [
        { topic: topicId, partitions: [{ partition, fetchOffset: at, partitionMaxBytes: bytes }] },
      ],
    },
  )
}

/** Of a Fetch v12 answer: the whole request's behind the throttle time, the partition's later. */
export const FETCH_ERROR_CODES = [9, 10, 58, 59]

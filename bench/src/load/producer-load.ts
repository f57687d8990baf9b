/** Load of one producer that numbers its batches, or of one that does not, over the same path. */
import { type ProducerStamp, RecordBatch } from '@courant/record-batch'
import { PRODUCE_ERROR_CODE, produceFrame } from '../system/broker-requests.ts'
import { batchOf } from './batches.ts'
import { run as runFrames } from './framed-load.ts'
import type { PipelineResult } from './pipeline.ts'

export interface ProducerLoad {
  readonly port: number
  readonly handshake: Uint8Array
  readonly topicId: string
  /** Null for one without an id. */
  readonly producer: ProducerStamp | null
  readonly batches: number
  readonly batchRecords: number
  readonly recordBytes: number
  readonly inFlight: number
}

/** All requests are made before the first is sent, and each is sent once. */
export async function run(load: ProducerLoad): Promise<PipelineResult> {
  const { port, handshake, batches, inFlight } = load
  return await runFrames({
    port,
    handshake,
    inFlight,
    requests: Array.from(framesOf(load)),
    until: { answers: batches },
    mustBeZero: PRODUCE_ERROR_CODE,
  })
}

const CRC = 17
const BASE_SEQUENCE = 53

/** Copies of one request, each with the sequence of its place, and the checksum of that. */
function* framesOf(load: ProducerLoad): Generator<Buffer, void, undefined> {
  const { topicId, producer, batches, batchRecords, recordBytes } = load
  const records = batchOf(batchRecords, recordBytes, producer ?? undefined)
  const template = produceFrame(topicId, 0, records)
  const position = template.indexOf(records)
  for (let index = 0; index < batches; index++) {
    const frame = Buffer.from(template)
    if (producer !== null) {
      frame.writeInt32BE(index * batchRecords, position + BASE_SEQUENCE)
      const { size } = new RecordBatch(frame, position)
      const batch = new RecordBatch(frame.subarray(position, position + size))
      frame.writeUInt32BE(batch.computeCrc(), position + CRC)
    }
    yield frame
  }
}

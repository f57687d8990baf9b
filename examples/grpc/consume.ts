/**
 * A member of a consumer group over gRPC: reads what main.ts has written, acknowledges what it has
 * processed, and leaves at the end of the log; where it is there already, it waits for more.
 *
 *   npx node examples/grpc/consume.ts
 */
import type { ClientDuplexStream } from '@grpc/grpc-js'
import { connect } from './courant.ts'

interface Partition {
  readonly topic: string
  readonly partition: number
}

interface Delivery extends Partition {
  readonly records: readonly { readonly offset: string; readonly value?: Buffer }[]
  readonly nextOffset: string
  readonly highWatermark: string
}

interface Response {
  readonly assignment?: {
    readonly memberId: string
    readonly assigned?: readonly Partition[]
    readonly revoking?: readonly Partition[]
  }
  readonly delivery?: Delivery
}

/** How much may be on its way to us and in work at a time. */
const CREDIT = { records: 100, bytes: 1_000_000 }

const { consumers, metadata } = connect()
const stream: ClientDuplexStream<object, Response> = consumers['Consume']?.(metadata)
stream.write({ subscribe: { group: 'grpc-example', topics: ['grpc-example'], credit: CREDIT } })

for await (const { assignment, delivery } of stream) {
  if (assignment !== undefined) {
    const { memberId, assigned = [], revoking = [] } = assignment
    console.log(`${memberId} has ${assigned.length} partitions`)
    // Nothing is in work between two responses, so what is to move to others may go at once.
    if (revoking.length > 0) stream.write({ release: { partitions: revoking } })
  }
  if (delivery !== undefined) handle(delivery)
}
consumers.close()

/** Process, then acknowledge: a record that was in work when we die is read again. */
function handle({ topic, partition, records, nextOffset, highWatermark }: Delivery): void {
  let bytes = 0
  for (const { offset, value } of records) {
    console.log(`${offset}: ${value}`)
    bytes += value?.length ?? 0
  }
  stream.write({ acknowledge: { offsets: [{ topic, partition, offset: nextOffset }] } })
  // What is processed makes room for more; the few bytes around each value are on the house.
  stream.write({ credit: { records: records.length, bytes: bytes + 64 * records.length } })
  if (Number(nextOffset) >= Number(highWatermark)) stream.end()
}

/**
 * gRPC without generated code: writes a few records on a stream, each with its own answer, and
 * reads them back on another.
 *
 *   npx node examples/grpc/main.ts
 */
import { once } from 'node:events'
import type { ClientDuplexStream, ClientReadableStream } from '@grpc/grpc-js'
import { connect } from './courant.ts'

interface ProduceAnswer {
  readonly correlationId: string
  readonly results: readonly { readonly partition?: number; readonly offset?: string }[]
  readonly problem?: { readonly code: string; readonly detail: string }
}

interface FetchAnswer {
  readonly records: readonly { readonly offset: string; readonly value?: Buffer }[]
}

const TOPIC = 'grpc-example'
const COUNT = 5

const { records, topics, consumers, metadata } = connect()

await new Promise<void>((resolve, reject) => {
  const request = { name: TOPIC, partitions: 1 }
  // Safe to repeat: an equal topic is left as it is.
  topics['CreateTopic']?.(request, metadata, (error: Error | null) =>
    error === null ? resolve() : reject(error),
  )
})

const first = await write()
await read(first)
for (const client of [records, topics, consumers]) client.close()

/** Requests do not wait for answers; those tell which request they are about. */
async function write(): Promise<number> {
  const stream: ClientDuplexStream<object, ProduceAnswer> = records['ProduceStream']?.(metadata)
  for (let index = 0; index < COUNT; index += 1) {
    const value = Buffer.from(JSON.stringify({ order: index }))
    stream.write({ topic: TOPIC, correlationId: index, records: [{ value }] })
  }
  stream.end()
  let offset = Number.POSITIVE_INFINITY
  for await (const { correlationId, results, problem } of stream) {
    if (problem !== undefined) throw new Error(`${problem.code}: ${problem.detail}`)
    console.log(`request ${correlationId} is at offset ${results[0]?.offset}`)
    offset = Math.min(offset, Number(results[0]?.offset))
  }
  return offset
}

async function read(offset: number): Promise<void> {
  const request = { topic: TOPIC, partition: 0, start: { offset }, maxRecords: COUNT }
  const stream: ClientReadableStream<FetchAnswer> = records['FetchStream']?.(request, metadata)
  stream.on('data', (answer: FetchAnswer) => {
    for (const record of answer.records) console.log(`${record.offset}: ${record.value}`)
  })
  await once(stream, 'end')
}

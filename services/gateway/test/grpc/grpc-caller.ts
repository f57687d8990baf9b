import { errorOf } from '@courant/api'
import { RecordServiceClient } from '@courant/api/v1/record_service'
import { TopicServiceClient } from '@courant/api/v1/topic_service'
import type { Address, BusError } from '@courant/kernel'
import {
  type CallOptions,
  type ClientReadableStream,
  type ClientUnaryCall,
  credentials,
  Metadata,
  type ServiceError,
  type StatusObject,
} from '@grpc/grpc-js'

type Method<Request, Response> = (
  request: Request,
  metadata: Metadata,
  options: Partial<CallOptions>,
  callback: (error: ServiceError | null, response: Response) => void,
) => ClientUnaryCall

/** The public API as a client sees it, with one key. */
export class GrpcCaller {
  readonly records: RecordServiceClient
  readonly topics: TopicServiceClient
  readonly #key: string | null

  constructor({ host, port }: Address, key: string | null, options: Record<string, number> = {}) {
    const insecure = credentials.createInsecure()
    this.records = new RecordServiceClient(`${host}:${port}`, insecure, options)
    this.topics = new TopicServiceClient(`${host}:${port}`, insecure, options)
    this.#key = key
  }

  get metadata(): Metadata {
    const metadata = new Metadata()
    if (this.#key !== null) metadata.set('authorization', `Bearer ${this.#key}`)
    return metadata
  }

  /** Rejects with what the status's details say. `method` must be bound. */
  call<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    options: Partial<CallOptions> = {},
  ): Promise<Response> {
    return new Promise((resolve, reject) => {
      method(request, this.metadata, options, (error, response) =>
        error === null ? resolve(response) : reject(errorOf(error)),
      )
    })
  }

  close(): void {
    this.records.close()
    this.topics.close()
  }
}

/** How a call ended: the status, and the error that its details tell, if it failed. */
export function statusOfCall(stream: {
  once(event: 'status', listener: (status: StatusObject) => void): unknown
  on(event: 'error', listener: () => void): unknown
}): Promise<StatusObject & { readonly error: BusError | null }> {
  stream.on('error', () => {})
  return new Promise((resolve) => {
    stream.once('status', (status) =>
      resolve({ ...status, error: status.code === 0 ? null : errorOf(status) }),
    )
  })
}

/** All that a stream brings until it ends, and how it ended. */
export async function readAll<Response>(stream: ClientReadableStream<Response>) {
  const messages: Response[] = []
  stream.on('data', (message: Response) => messages.push(message))
  const status = await statusOfCall(stream)
  return { messages, status }
}

import type { Server, ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js'
import { FramedMessage } from './framed-message.ts'
import { duplexHandler, type HandlerParts, serverStreamHandler, unaryHandler } from './handlers.ts'
import type { DuplexMethod, MethodsOf, ServerStreamMethod, UnaryMethod } from './methods.ts'

/** A generated service definition, and what its methods do. */
export interface Service {
  readonly definition: Definition
  readonly methods: Readonly<Record<string, UnaryMethod | ServerStreamMethod | DuplexMethod>>
}

type Definition = Readonly<
  Record<
    string,
    { readonly path: string; readonly requestStream: boolean; readonly responseStream: boolean }
  >
>

/** Ties methods to their definition: each has one, of the right form. */
export function service<Generated extends Definition>(
  definition: Generated,
  methods: MethodsOf<Generated>,
): Service {
  return { definition, methods }
}

/** Adds a service whose messages stay encoded on their way through grpc-js. */
export function addMethods(
  server: Server,
  { definition, methods }: Service,
  parts: HandlerParts,
): void {
  const raw: Record<string, object> = {}
  const handlers: UntypedServiceImplementation = {}
  for (const [name, { path, requestStream, responseStream }] of Object.entries(definition)) {
    raw[name] = { path, requestStream, responseStream, ...AS_IT_IS }
    const method = methods[name]
    if (method === undefined) continue
    handlers[name] = requestStream
      ? duplexHandler(method as DuplexMethod, parts)
      : responseStream
        ? serverStreamHandler(method as ServerStreamMethod, parts)
        : unaryHandler(method as UnaryMethod, parts)
  }
  server.addService(raw as ServiceDefinition, handlers)
}

const AS_IT_IS = {
  requestSerialize: asBuffer,
  requestDeserialize: asBuffer,
  responseSerialize: asFramed,
  responseDeserialize: asBuffer,
}

/** What a stream sends sees the frame that it is copied into. */
function asFramed(message: Uint8Array | FramedMessage): Buffer | FramedMessage {
  return message instanceof FramedMessage ? message : asBuffer(message)
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

import { BusError } from '@courant/kernel'
import { compileDecoder, type Decode } from './compile-decoder.ts'
import { compileEncoder, type Encode } from './compile-encoder.ts'
import type { Operation } from './error-mapping.ts'
import type { TypeNode, WireType } from './schema.ts'
import type { WireReader } from './wire-reader.ts'
import type { WireWriter } from './wire-writer.ts'

/** What is declared of one API of the protocol: a request, its response and their versions. */
export interface ApiDeclaration<Request, RequestInput, Response, ResponseInput> {
  /** Number on the wire. */
  readonly key: number
  readonly name: string
  /** Decides what a lost answer means: a read changed nothing, a write may have been applied. */
  readonly operation: Operation
  readonly versionMin: number
  readonly versionMax: number
  /** First version with compact lengths and tagged fields (KIP-482). */
  readonly flexibleSince: number
  readonly request: WireType<Request, RequestInput>
  readonly response: WireType<Response, ResponseInput>
}

/** One API of the protocol with its codecs, compiled for a version when that is first used. */
export class Api<Request, RequestInput, Response, ResponseInput> {
  readonly key: number
  readonly name: string
  readonly operation: Operation
  readonly versionMin: number
  readonly versionMax: number
  readonly flexibleSince: number
  /** The declarations as data, for tools that walk them. */
  readonly nodes: { readonly request: TypeNode; readonly response: TypeNode }
  readonly #request: MessageCodec
  readonly #response: MessageCodec

  constructor(declared: ApiDeclaration<Request, RequestInput, Response, ResponseInput>) {
    this.key = declared.key
    this.name = declared.name
    this.operation = declared.operation
    this.versionMin = declared.versionMin
    this.versionMax = declared.versionMax
    this.flexibleSince = declared.flexibleSince
    this.nodes = { request: declared.request.node, response: declared.response.node }
    this.#request = new MessageCodec(declared.request.node, declared.flexibleSince)
    this.#response = new MessageCodec(declared.response.node, declared.flexibleSince)
  }

  supports(version: number): boolean {
    return version >= this.versionMin && version <= this.versionMax
  }

  encodeRequest(writer: WireWriter, version: number, request: RequestInput): void {
    this.#check(version)
    this.#request.encode(writer, version, request)
  }

  decodeRequest(reader: WireReader, version: number): Request {
    this.#check(version)
    return this.#request.decode(reader, version) as Request
  }

  encodeResponse(writer: WireWriter, version: number, response: ResponseInput): void {
    this.#check(version)
    this.#response.encode(writer, version, response)
  }

  decodeResponse(reader: WireReader, version: number): Response {
    this.#check(version)
    return this.#response.decode(reader, version) as Response
  }

  #check(version: number): void {
    if (this.supports(version)) return
    throw new BusError(
      'UNSUPPORTED_VERSION',
      `${this.name} is supported in versions ${this.versionMin} to ${this.versionMax}, not ${version}.`,
    )
  }
}

/** Any API, where its messages do not matter. */
export type AnyApi = Pick<
  Api<unknown, never, unknown, never>,
  'key' | 'name' | 'operation' | 'versionMin' | 'versionMax' | 'flexibleSince' | 'supports'
>

/** What decoding a request of the API yields. */
export type RequestOf<Type> =
  Type extends Api<infer Request, infer _1, infer _2, infer _3> ? Request : never

/** What encoding a request of the API accepts. */
export type RequestInputOf<Type> =
  Type extends Api<infer _1, infer Input, infer _2, infer _3> ? Input : never

/** What decoding a response of the API yields. */
export type ResponseOf<Type> =
  Type extends Api<infer _1, infer _2, infer Response, infer _3> ? Response : never

/** What encoding a response of the API accepts. */
export type ResponseInputOf<Type> =
  Type extends Api<infer _1, infer _2, infer _3, infer Input> ? Input : never

class MessageCodec {
  readonly #node: TypeNode
  readonly #flexibleSince: number
  readonly #encoders: Encode[] = []
  readonly #decoders: Decode[] = []

  constructor(node: TypeNode, flexibleSince: number) {
    this.#node = node
    this.#flexibleSince = flexibleSince
  }

  encode(writer: WireWriter, version: number, message: unknown): void {
    const encode = this.#encoders[version] ?? this.#compileEncoder(version)
    encode(writer, message)
  }

  decode(reader: WireReader, version: number): unknown {
    const decode = this.#decoders[version] ?? this.#compileDecoder(version)
    const message = decode(reader)
    reader.finish()
    return message
  }

  #compileEncoder(version: number): Encode {
    const encode = compileEncoder(this.#node, version, this.#flexibleSince)
    this.#encoders[version] = encode
    return encode
  }

  #compileDecoder(version: number): Decode {
    const decode = compileDecoder(this.#node, version, this.#flexibleSince)
    this.#decoders[version] = decode
    return decode
  }
}

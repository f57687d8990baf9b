import { assert, BusError } from '@courant/kernel'
import type { AnyApi, Api, ResponseInputOf } from './api.ts'
import { type AnyExchange, Exchange, type ExchangeHeader, type ExchangeOwner } from './exchange.ts'
import { type RequestHeader, readClientId, readRequestHeader } from './headers.ts'
import { apiVersionsApi, UNSUPPORTED_VERSION } from './messages/api-versions.ts'
import { WireReader } from './wire-reader.ts'

/** Handles one request. It may answer at once or later, but never throws for bad input. */
export type RequestHandler<Request, ResponseInput> = (
  request: Request,
  exchange: Exchange<ResponseInput>,
  owner: ExchangeOwner,
) => void

/** A request whose frame is decoded and whose handler has not been called yet. */
export interface OpenedRequest {
  readonly exchange: AnyExchange
  handle(): void
}

interface Route {
  readonly api: AnyApi
  open(reader: WireReader, header: ExchangeHeader, owner: ExchangeOwner): OpenedRequest
}

/**
 * Which handler serves which API. One router serves all connections of a server; ApiVersions, which
 * tells what the others are, it serves itself.
 */
export class RequestRouter {
  readonly #routes = new Map<number, Route>()

  constructor() {
    this.on(apiVersionsApi, (request, exchange, owner) => {
      owner.shookHands(request.answersMayOvertake)
      exchange.respond(this.#versions(0, request.answersMayOvertake))
    })
  }

  /** Adds an API. Its versions are those that the codec knows. */
  on<Request, ResponseInput>(
    api: Api<Request, never, unknown, ResponseInput>,
    handle: RequestHandler<Request, ResponseInput>,
  ): this {
    assert(!this.#routes.has(api.key), 'an API has one handler')
    this.#routes.set(api.key, {
      api,
      open(reader, header, owner) {
        const request = api.decodeRequest(reader, header.apiVersion)
        const exchange = new Exchange(api, header, owner)
        return { exchange, handle: () => handle(request, exchange, owner) }
      },
    })
    return this
  }

  /** Decodes a frame. Throws BusError when it is malformed or asks for what is not supported. */
  open(frame: Buffer, owner: ExchangeOwner): OpenedRequest {
    const reader = new WireReader(frame)
    const header = readRequestHeader(reader)
    const route = this.#routes.get(header.apiKey)
    if (route === undefined || !route.api.supports(header.apiVersion)) {
      if (route?.api === apiVersionsApi) return this.#refuseVersion(header, frame.length, owner)
      throw new BusError(
        'UNSUPPORTED_VERSION',
        `API ${header.apiKey} is not supported in version ${header.apiVersion}.`,
      )
    }
    const clientId = readClientId(reader, route.api, header.apiVersion)
    const { apiVersion, correlationId } = header
    return route.open(reader, { apiVersion, correlationId, clientId, size: frame.length }, owner)
  }

  /** The v0 fallback: a client that is newer than we are learns what it may ask instead. */
  #refuseVersion(header: RequestHeader, size: number, owner: ExchangeOwner): OpenedRequest {
    const { correlationId } = header
    const v0 = { apiVersion: 0, correlationId, clientId: null, size }
    const exchange = new Exchange(apiVersionsApi, v0, owner)
    return { exchange, handle: () => exchange.respond(this.#versions(UNSUPPORTED_VERSION, false)) }
  }

  #versions(
    errorCode: number,
    answersMayOvertake: boolean,
  ): ResponseInputOf<typeof apiVersionsApi> {
    const apiKeys = [...this.#routes.values()].map(({ api }) => ({
      apiKey: api.key,
      minVersion: api.versionMin,
      maxVersion: api.versionMax,
    }))
    return { errorCode, apiKeys, answersMayOvertake }
  }
}

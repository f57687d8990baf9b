import { assert, BusError } from '@courant/kernel'
import type { AnyApi, Api, ResponseInputOf } from './api.ts'
import { type AnyExchange, Exchange, type ExchangeHeader, type ExchangeOwner } from './exchange.ts'
import { readClientId } from './headers.ts'
import { apiVersionsApi, UNSUPPORTED_VERSION } from './messages/api-versions.ts'
import type { WireReader } from './wire-reader.ts'

/**
 * Handles one request. It may answer at once or later, but never throws for bad input. Byte strings
 * of the request are lent until it returns.
 */
export type RequestHandler<Request, ResponseInput> = (
  request: Request,
  exchange: Exchange<ResponseInput>,
  owner: ExchangeOwner,
) => void

/** An exchange whose request is decoded and whose handler has not been called yet. */
export interface RoutedExchange extends AnyExchange {
  handle(): void
}

interface Route {
  readonly api: AnyApi
  open(reader: WireReader, header: ExchangeHeader, owner: ExchangeOwner): RoutedExchange
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
        return new HandledExchange(api, header, owner, request, handle)
      },
    })
    return this
  }

  /** Decodes a frame. Throws BusError when it is malformed or asks for what is not supported. */
  open(frame: WireReader, owner: ExchangeOwner): RoutedExchange {
    const size = frame.remaining
    const apiKey = frame.int16()
    const apiVersion = frame.int16()
    const correlationId = frame.int32()
    const route = this.#routes.get(apiKey)
    if (route === undefined || !route.api.supports(apiVersion)) {
      if (route?.api === apiVersionsApi) return this.#refuseVersion(correlationId, size, owner)
      throw new BusError(
        'UNSUPPORTED_VERSION',
        `API ${apiKey} is not supported in version ${apiVersion}.`,
      )
    }
    const clientId = readClientId(frame, route.api, apiVersion)
    return route.open(frame, { apiVersion, correlationId, clientId, size }, owner)
  }

  /** The v0 fallback: a client that is newer than we are learns what it may ask instead. */
  #refuseVersion(correlationId: number, size: number, owner: ExchangeOwner): RoutedExchange {
    const v0 = { apiVersion: 0, correlationId, clientId: null, size }
    return new HandledExchange(apiVersionsApi, v0, owner, null, (_request, exchange) =>
      exchange.respond(this.#versions(UNSUPPORTED_VERSION, false)),
    )
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

/** With its request and its handler: one object where a closure would be two more. */
class HandledExchange<Request, ResponseInput>
  extends Exchange<ResponseInput>
  implements RoutedExchange
{
  readonly #handler: RequestHandler<Request, ResponseInput>
  #request: Request | null

  constructor(
    api: Api<unknown, never, unknown, ResponseInput>,
    header: ExchangeHeader,
    owner: ExchangeOwner,
    request: Request,
    handler: RequestHandler<Request, ResponseInput>,
  ) {
    super(api, header, owner)
    this.#request = request
    this.#handler = handler
  }

  /** Lets go of the request, whose records may pin a lot, as soon as the handler does. */
  handle(): void {
    const request = this.#request as Request
    this.#request = null
    this.#handler(request, this, this.owner)
  }
}

import { BusError } from '@courant/kernel'
import type { TSchema } from 'typebox'
import type { GatewayParts } from '../../gateway-parts.ts'
import { validatorCompiler } from '../../http/validation.ts'
import type { Route, RouteAnswer } from '../../rest/route.ts'
import { JSON_TYPE } from '../../rest/samples.ts'
import { decoded } from './decoded.ts'
import type { UnaryMethod } from './methods.ts'

interface Codec<Message> {
  decode(bytes: Uint8Array): Message
}

interface Encoder<Message> {
  encode(message: Message): { finish(): Uint8Array }
}

/** What a route is given, as JSON would have brought it. A member that is undefined is absent. */
interface RouteCall {
  readonly params?: Readonly<Record<string, unknown>>
  readonly query?: Readonly<Record<string, unknown>>
  readonly body?: Readonly<Record<string, unknown>>
}

/** How the messages of a method and the JSON of its route are one another. */
export interface RouteMethod<Request, Response> {
  readonly route: Route
  readonly request: Codec<Request>
  readonly response: Encoder<Response>
  call(request: Request): RouteCall
  /** `body` has the shape of the route's answer. */
  // biome-ignore lint/suspicious/noExplicitAny: the route's answer is checked by its schema's test.
  answer(body: any, status: number): Response
}

/**
 * A method that is a route of REST in another dress: the same checks, the same errors, the same
 * effect, because it is the same code.
 */
export function routeMethod<Request, Response>(
  gateway: GatewayParts,
  method: RouteMethod<Request, Response>,
): UnaryMethod {
  const { route, request, response } = method
  const checkQuery = checker(route.query)
  const checkBody = checker(route.body?.[JSON_TYPE]?.schema)
  return async (message, { principal, requestId, signal }) => {
    const given = method.call(decoded(request, message))
    const query = present(given.query)
    const body = present(given.body)
    checkQuery(query)
    checkBody(body)
    const input = { params: given.params ?? {}, query, body, requestId, signal }
    const answer: RouteAnswer = await route.handle(gateway, input, principal)
    return response.encode(method.answer(answer.body, answer.status)).finish()
  }
}

function checker(schema: TSchema | undefined): (value: unknown) => void {
  if (schema === undefined) return () => {}
  // Typed already, so nothing is converted as it is for the text of a query.
  const check = validatorCompiler({ schema, method: '', url: '', httpPart: 'body' })
  return (value) => {
    const verdict: unknown = check(value)
    if (typeof verdict === 'object' && verdict !== null && 'error' in verdict) {
      throw BusError.from(verdict.error)
    }
  }
}

function present(members: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}

/**
 * What one route is: everything that the outside may know of it. From the one table of these
 * (`routes.ts`) come the fastify routes, the OpenAPI document, the reference pages and the
 * isolation tests, so none of them can forget a route or tell another story.
 */
import type { ErrorCode } from '@courant/kernel'
import type { TObject, TSchema } from 'typebox'
import type { Principal } from '../auth/principal.ts'
import type { GatewayParts } from '../gateway-parts.ts'

export type HttpMethod = 'GET' | 'POST' | 'PATCH' | 'DELETE'

/**
 * Who may call: anyone, the keys of a tenant (what they name lies in that tenant), or the keys of
 * platform operators. Neither of the latter two may call what is the other's.
 */
export type Access = 'public' | 'tenant' | 'operator'

/**
 * How another tenant could be seen through the route, which decides what the isolation test does:
 * - `topic`, `apiKey`: the path names a resource of the tenant; foreign and missing must be alike.
 * - `group`: the same, but a group is made by its first poll, and a token says whose it is.
 * - `list`: must hold nothing of others.
 * - `create`: the same name in two tenants makes two resources.
 * - `none`: the route knows no tenant.
 */
export type Isolation = 'topic' | 'apiKey' | 'group' | 'list' | 'create' | 'none'

export interface Content {
  readonly schema: TSchema
  /** Shown in the reference, used in the curl line, and validated against the schema by a test. */
  readonly example: unknown
}

export interface ResponseDescription {
  readonly description: string
  /** By media type. Absent: no body. */
  readonly content?: Readonly<Record<string, Content>>
  readonly headers?: Readonly<Record<string, string>>
}

export interface RouteDescription {
  readonly method: HttpMethod
  /** In the form of OpenAPI: `/v1/topics/{topic}`. */
  readonly path: string
  readonly operationId: string
  readonly tag: string
  /** One line without a full stop. */
  readonly summary: string
  /** Paragraphs; what makes a repeat of the request safe belongs here. */
  readonly description: string
  readonly access: Access
  readonly params?: TObject
  readonly query?: TObject
  /** By media type; the first is the one of the curl line. `*`: any other. */
  readonly body?: Readonly<Record<string, Content>>
  /** By status. Errors are named by code below, not here. */
  readonly responses: Readonly<Record<number, ResponseDescription>>
  /** Beyond those that every route may answer. */
  readonly errors: readonly ErrorCode[]
  readonly isolation: Isolation
}

/** What a handler is told about the request. */
export interface RouteInput<Params, Query, Body> {
  readonly params: Params
  readonly query: Query
  readonly body: Body
  readonly requestId: string
  /** Aborts when the caller has gone. */
  readonly signal: AbortSignal
}

/** What a handler answers. The body is encoded by the schema of the status. */
export interface RouteAnswer {
  readonly status: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * A description with its handler. The types of the input are erased; `define-route.ts` has them.
 */
export interface Route extends RouteDescription {
  readonly handle: (
    gateway: GatewayParts,
    input: RouteInput<unknown, unknown, unknown>,
    principal: Principal | null,
  ) => Promise<RouteAnswer> | RouteAnswer
}

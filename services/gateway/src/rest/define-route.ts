/**
 * Builders of the route table: they give each handler the types of what its schemas have checked.
 */
import { assert } from '@courant/kernel'
import type { Static, TObject, TSchema } from 'typebox'
import type { OperatorPrincipal, TenantPrincipal } from '../auth/principal.ts'
import type { GatewayParts } from '../gateway-parts.ts'
import type { Content, Route, RouteAnswer, RouteDescription, RouteInput } from './route.ts'

type Bodies = Readonly<Record<string, Content>>
type Typed<Schema> = Schema extends TSchema ? Static<Schema> : undefined

type Input<Params, Query, Body> = RouteInput<
  Typed<Params>,
  Typed<Query>,
  Body extends Record<string, { readonly schema: infer Schema }> ? Typed<Schema> : undefined
>

type Definition<Params, Query, Body, Who> = Omit<
  RouteDescription,
  'access' | 'params' | 'query' | 'body'
> & {
  readonly params?: Params
  readonly query?: Query
  readonly body?: Body
  handle(
    gateway: GatewayParts,
    input: Input<Params, Query, Body>,
    principal: Who,
  ): Promise<RouteAnswer> | RouteAnswer
}

/** A route that anyone may call. */
export function publicRoute<
  Params extends TObject | undefined = undefined,
  Query extends TObject | undefined = undefined,
>(definition: Definition<Params, Query, undefined, null>): Route {
  return {
    ...described(definition),
    access: 'public',
    handle: (gateway, input) =>
      definition.handle(gateway, input as Input<Params, Query, undefined>, null),
  }
}

/** A route inside a tenant. The handler is given the tenant's principal and no other. */
export function tenantRoute<
  Params extends TObject | undefined = undefined,
  Query extends TObject | undefined = undefined,
  Body extends Bodies | undefined = undefined,
>(definition: Definition<Params, Query, Body, TenantPrincipal>): Route {
  return {
    ...described(definition),
    access: 'tenant',
    handle(gateway, input, principal) {
      assert(principal?.kind === 'tenant', 'only a tenant comes this far')
      return definition.handle(gateway, input as Input<Params, Query, Body>, principal)
    },
  }
}

/** A route of the platform. */
export function operatorRoute<
  Params extends TObject | undefined = undefined,
  Query extends TObject | undefined = undefined,
  Body extends Bodies | undefined = undefined,
>(definition: Definition<Params, Query, Body, OperatorPrincipal>): Route {
  return {
    ...described(definition),
    access: 'operator',
    handle(gateway, input, principal) {
      assert(principal?.kind === 'operator', 'only an operator comes this far')
      return definition.handle(gateway, input as Input<Params, Query, Body>, principal)
    },
  }
}

type Public = Omit<RouteDescription, 'access'>

/** What of a definition is for everyone to see: all but the handler. */
function described(definition: { readonly [Key in keyof Public]: unknown }): Public {
  return definition as Public
}

import { BusError } from '@courant/kernel'
import type { RouteDescription } from '../rest/route.ts'

/**
 * Parts of the API that are designed but not built. They say so instead of seeming not to exist.
 */
const NOT_BUILT = ['/v1/transactions', '/v1/tokens']

/** Says what is wrong with a request that no route takes: 501, 405 with `Allow`, or 404. */
export function missingRoute(
  method: string,
  url: string,
  routes: readonly RouteDescription[],
): BusError {
  const [path = ''] = url.split('?')
  const planned = NOT_BUILT.find((prefix) => path === prefix || path.startsWith(`${prefix}/`))
  if (planned !== undefined) {
    return new BusError('NOT_IMPLEMENTED', `${planned} is not implemented yet.`)
  }
  const allow = routes.filter((route) => patternOf(route).test(path)).flatMap(methodsOf)
  if (allow.length === 0) {
    return new BusError('ROUTE_NOT_FOUND', 'There is no such route. /docs lists what there is.')
  }
  const detail = `${method} is not allowed here. Allowed: ${allow.join(', ')}.`
  return new BusError('METHOD_NOT_ALLOWED', detail, { extra: { allow } })
}

function methodsOf({ method, access }: RouteDescription): string[] {
  return method === 'GET' && access === 'public' ? ['GET', 'HEAD'] : [method]
}

function patternOf(route: RouteDescription): RegExp {
  return new RegExp(`^${route.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`)
}

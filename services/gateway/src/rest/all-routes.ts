import { groupStreamRoutes } from './groups/register.ts'
import { recordRoutes } from './records/register.ts'
import type { RouteDescription } from './route.ts'
import { managementRoutes } from './routes.ts'

/** Every route of the public API. The reference is in this order. */
export const allRoutes: readonly RouteDescription[] = [
  ...recordRoutes,
  ...groupStreamRoutes,
  ...managementRoutes,
]

export { type Gateway, startGateway } from './gateway.ts'
export { allRoutes } from './rest/all-routes.ts'
export type { Access, HttpMethod, Isolation, RouteDescription } from './rest/route.ts'
export { type GatewayConfig, gatewaySettings } from './settings.ts'

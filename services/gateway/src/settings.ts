import {
  addresses,
  type ConfigOf,
  commonSettings,
  integer,
  origins,
  port,
  text,
  withDefault,
} from '@courant/service-kit'

/** With what the drain behind it may take, it stays below the time that a process has to stop. */
const SHUTDOWN_DELAY_MS_MAX = 8_000

/** What a gateway can be told by its environment. */
export const gatewaySettings = {
  httpHost: withDefault(
    'COURANT_HTTP_HOST',
    text(255),
    '127.0.0.1',
    'Address that the HTTP and gRPC listeners bind to; 0.0.0.0 for every interface.',
  ),
  httpPort: withDefault('COURANT_HTTP_PORT', port(), '8080', 'Port of the REST API.'),
  grpcPort: withDefault('COURANT_GRPC_PORT', port(), '9090', 'Port of the gRPC API.'),
  controlPlane: withDefault(
    'COURANT_CONTROL_PLANE',
    addresses(),
    '127.0.0.1:7071',
    'Control planes; any of them serves.',
  ),
  corsOrigins: withDefault(
    'COURANT_CORS_ORIGINS',
    origins(),
    '',
    'Web pages of these exact origins may call the API. None by default.',
  ),
  shutdownDelayMs: withDefault(
    'COURANT_SHUTDOWN_DELAY_MS',
    integer(0, SHUTDOWN_DELAY_MS_MAX),
    '0',
    'How long it serves on after a signal, no longer ready: what a load balancer needs to look away.',
  ),
  ...commonSettings(7083),
}

type Settings = ConfigOf<typeof gatewaySettings>

/** The configuration of one gateway. */
export type GatewayConfig = Pick<
  Settings,
  'httpHost' | 'httpPort' | 'grpcPort' | 'controlPlane' | 'corsOrigins' | 'shutdownDelayMs'
>

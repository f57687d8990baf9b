import {
  type ConfigOf,
  choice,
  commonSettings,
  integer,
  LOG_LEVELS,
  optional,
  origins,
  port,
  text,
  url,
  withDefault,
} from '@courant/service-kit'

const MIB = 1024 * 1024

/** What `npm start` can be told by its environment. */
export const standaloneSettings = {
  dataDirectory: withDefault(
    'COURANT_DATA_DIR',
    text(4_096),
    '.courant',
    'Directory of everything that is kept: records, database, credentials. Made when it is missing.',
  ),
  httpHost: withDefault(
    'COURANT_HTTP_HOST',
    text(255),
    '127.0.0.1',
    'Address that the HTTP and gRPC listeners bind to; 0.0.0.0 for every interface.',
  ),
  httpPort: withDefault('COURANT_HTTP_PORT', port(), '8080', 'Port of the REST API.'),
  grpcPort: withDefault(
    'COURANT_GRPC_PORT',
    port(),
    '9090',
    'Port of the gRPC API; for now the standard health service only.',
  ),
  databaseUrl: optional(
    'DATABASE_URL',
    url(['postgres', 'postgresql']),
    'PostgreSQL to use. Without it one is started in the data directory.',
  ),
  ringBytes: withDefault(
    'COURANT_RING_BYTES',
    integer(16 * MIB, 64 * 1024 * MIB),
    String(64 * MIB),
    'Size of a new write-ahead ring in bytes; an existing one keeps its own.',
  ),
  corsOrigins: withDefault(
    'COURANT_CORS_ORIGINS',
    origins(),
    '',
    'Web pages of these exact origins may call the API. None by default.',
  ),
  ...commonSettings(7080),
  logLevel: withDefault(
    'COURANT_LOG_LEVEL',
    choice(LOG_LEVELS),
    'warn',
    'The least important messages that are logged.',
  ),
}

export type StandaloneConfig = ConfigOf<typeof standaloneSettings>

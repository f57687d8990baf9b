import {
  type ConfigOf,
  choice,
  integer,
  kind,
  optional,
  text,
  url,
  withDefault,
} from '@courant/service-kit'

const PROCESSES_MAX = 20
const RACK = /^[A-Za-z0-9._-]{1,128}$/
const MIB = 1024 * 1024

/** What `npm run cluster` can be told by its environment; its flags set the same variables. */
export const clusterSettings = {
  dataDirectory: withDefault(
    'COURANT_DATA_DIR',
    text(4_096),
    '.courant/cluster',
    'Directory of everything that is kept: database, brokers, logs, keys. Made when it is missing.',
  ),
  brokers: withDefault(
    'COURANT_CLUSTER_BROKERS',
    integer(1, PROCESSES_MAX),
    '3',
    'How many brokers. Those that have data in the directory are started in any case.',
  ),
  gateways: withDefault(
    'COURANT_CLUSTER_GATEWAYS',
    integer(1, PROCESSES_MAX),
    '2',
    'How many gateways.',
  ),
  controlPlanes: withDefault(
    'COURANT_CLUSTER_CONTROL_PLANES',
    integer(1, PROCESSES_MAX),
    '2',
    'How many control planes.',
  ),
  racks: optional(
    'COURANT_CLUSTER_RACKS',
    kind('names of racks, separated by commas', parseRacks),
    'Racks that the brokers stand in, in turn. By default each has one of its own.',
  ),
  portOffset: withDefault(
    'COURANT_CLUSTER_PORT_OFFSET',
    integer(0, 50_000),
    '0',
    'Added to every default port, for a second cluster on one machine.',
  ),
  supervise: withDefault(
    'COURANT_CLUSTER_SUPERVISE',
    choice(['on', 'off']),
    'off',
    'Whether a process that ends by itself is started again.',
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
    'Size of a new write-ahead ring of a broker in bytes; an existing one keeps its own.',
  ),
}

export type ClusterConfig = ConfigOf<typeof clusterSettings>

function parseRacks(given: string): readonly string[] | null {
  const racks = given.split(',')
  return racks.every((rack) => RACK.test(rack)) ? racks : null
}

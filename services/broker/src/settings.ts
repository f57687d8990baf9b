import type { Address } from '@courant/kernel'
import {
  address,
  addresses,
  type ConfigOf,
  ConfigurationError,
  commonSettings,
  integer,
  optional,
  required,
  text,
  withDefault,
} from '@courant/service-kit'

const MIB = 1024 * 1024
const RING_BYTES_MAX = 64 * 1024 * MIB
/** A ring is made of whole blocks. */
const BLOCK_BYTES = 4 * 1024

/** What a broker can be told by its environment. */
export const brokerSettings = {
  brokerId: required(
    'COURANT_BROKER_ID',
    integer(0, 0x7fff_ffff),
    'Number of this broker in its cluster. A data directory belongs to one broker for ever.',
  ),
  listen: withDefault(
    'COURANT_BROKER_LISTEN',
    address(),
    '127.0.0.1:7072',
    'Address that gateways and other brokers connect to. It has no authentication: keep it inside.',
  ),
  advertised: optional(
    'COURANT_BROKER_ADVERTISED',
    address(),
    'Address under which others reach this broker, where it differs from the one it listens on.',
  ),
  rack: withDefault(
    'COURANT_BROKER_RACK',
    text(255),
    '',
    'Where the machine stands; replicas of a partition are spread over racks.',
  ),
  controlPlane: withDefault(
    'COURANT_CONTROL_PLANE',
    addresses(),
    '127.0.0.1:7071',
    'Control planes; any of them serves.',
  ),
  dataDirectory: withDefault(
    'COURANT_DATA_DIR',
    text(4_096),
    '.courant/broker',
    'Directory of the logs and of the write-ahead ring. Made when it is missing.',
  ),
  ringBytes: withDefault(
    'COURANT_RING_BYTES',
    integer(16 * MIB, RING_BYTES_MAX),
    String(1024 * MIB),
    'Size of a new write-ahead ring in bytes, rounded down to 4 KiB; an existing one keeps its own.',
  ),
  replicaLagMs: withDefault(
    'COURANT_REPLICA_LAG_MS',
    integer(1_000, 600_000),
    '10000',
    'A follower that has not caught up for so long is no longer in sync; acks=all stops waiting for it.',
  ),
  ...commonSettings(7082),
}

type Settings = ConfigOf<typeof brokerSettings>

/** The configuration of one broker. */
export type BrokerConfig = Pick<
  Settings,
  | 'brokerId'
  | 'listen'
  | 'advertised'
  | 'rack'
  | 'controlPlane'
  | 'dataDirectory'
  | 'ringBytes'
  | 'replicaLagMs'
>

export function wholeBlocks(bytes: number): number {
  return bytes - (bytes % BLOCK_BYTES)
}

const WILDCARDS = ['0.0.0.0', '::']

/**
 * Where others find the broker. Throws ConfigurationError when nothing they could reach is known.
 */
export function advertisedAddress(
  { advertised, listen }: Pick<BrokerConfig, 'advertised' | 'listen'>,
  bound: Address,
): Address {
  if (advertised !== null) return advertised
  if (!WILDCARDS.includes(listen.host)) return { host: listen.host, port: bound.port }
  const { name } = brokerSettings.advertised
  const message = `${name} is needed when the broker listens on ${listen.host}: others cannot connect to that.`
  throw new ConfigurationError([{ name, message }])
}

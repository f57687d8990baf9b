import type { Address } from '@courant/kernel'
import {
  address,
  type ConfigOf,
  ConfigurationError,
  commonSettings,
  integer,
  kind,
  optional,
  required,
  secret,
  url,
  withDefault,
} from '@courant/service-kit'
import { parseApiKey } from './api-keys/api-key-secret.ts'

/** What a control plane can be told by its environment. */
export const controlPlaneSettings = {
  databaseUrl: required(
    'DATABASE_URL',
    url(['postgres', 'postgresql']),
    'The PostgreSQL server: always the primary.',
  ),
  listen: withDefault(
    'COURANT_CONTROL_PLANE_LISTEN',
    address(),
    '127.0.0.1:7071',
    'Where gateways and brokers reach this control plane. It has no authentication: keep it inside.',
  ),
  advertised: optional(
    'COURANT_CONTROL_PLANE_ADVERTISED',
    address(),
    'Address under which gateways reach this control plane, where it differs from the one it listens on.',
  ),
  operatorKey: optional(
    'COURANT_OPERATOR_KEY',
    secret(kind('crt_<16 letters or digits>_<43 letters or digits>', apiKeyText)),
    "The platform operator's API key. It replaces the one of an earlier start.",
  ),
  sessionTimeoutMs: withDefault(
    'COURANT_SESSION_TIMEOUT_MS',
    integer(1_000, 600_000),
    '9000',
    'A broker without a heartbeat for so long is fenced. The same for all control planes.',
  ),
  groupLeaseMs: withDefault(
    'COURANT_GROUP_LEASE_MS',
    integer(1_000, 60_000),
    '10000',
    'How long the consumer groups of a control plane that died wait until another coordinates them.',
  ),
  lagIntervalMs: withDefault(
    'COURANT_LAG_INTERVAL_MS',
    integer(1_000, 600_000),
    '15000',
    'How often the lag of consumer groups is sampled, for metrics and for its trend.',
  ),
  ...commonSettings(7081),
}

const WILDCARDS = ['0.0.0.0', '::']

type Settings = ConfigOf<typeof controlPlaneSettings>

/** The configuration of one control plane. */
export type ControlPlaneConfig = Pick<
  Settings,
  | 'databaseUrl'
  | 'listen'
  | 'advertised'
  | 'operatorKey'
  | 'sessionTimeoutMs'
  | 'groupLeaseMs'
  | 'lagIntervalMs'
>

/**
 * Where gateways find the coordinator of a group. Throws ConfigurationError when nothing they could
 * reach is known.
 */
export function advertisedAddress(
  { advertised, listen }: Pick<ControlPlaneConfig, 'advertised' | 'listen'>,
  bound: Address,
): Address {
  if (advertised !== null) return advertised
  if (!WILDCARDS.includes(listen.host)) return { host: listen.host, port: bound.port }
  const { name } = controlPlaneSettings.advertised
  const message = `${name} is needed when the control plane listens on ${listen.host}: others cannot connect to that.`
  throw new ConfigurationError([{ name, message }])
}

function apiKeyText(given: string): string | null {
  return parseApiKey(given)?.text ?? null
}

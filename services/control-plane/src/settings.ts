import {
  address,
  type ConfigOf,
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
  ...commonSettings(7081),
}

type Settings = ConfigOf<typeof controlPlaneSettings>

/** The configuration of one control plane. */
export type ControlPlaneConfig = Pick<
  Settings,
  'databaseUrl' | 'listen' | 'operatorKey' | 'sessionTimeoutMs'
>

function apiKeyText(given: string): string | null {
  return parseApiKey(given)?.text ?? null
}

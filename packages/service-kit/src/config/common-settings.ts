import { choice, portOrOff, text } from './kind.ts'
import { withDefault } from './setting.ts'

/** Levels of the log, least first. */
export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/**
 * What every process can be told. The administrative port differs, so that all run on one machine.
 */
export function commonSettings(adminPort: number) {
  return {
    logLevel: withDefault(
      'COURANT_LOG_LEVEL',
      choice(LOG_LEVELS),
      'info',
      'The least important messages that are logged.',
    ),
    adminHost: withDefault(
      'COURANT_ADMIN_HOST',
      text(255),
      '127.0.0.1',
      'Address of the administrative port. It has no authentication: keep it inside.',
    ),
    adminPort: withDefault(
      'COURANT_ADMIN_PORT',
      portOrOff(),
      String(adminPort),
      'Port of /metrics, /livez and /readyz.',
    ),
  }
}

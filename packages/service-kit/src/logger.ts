import { BusError } from '@courant/kernel'
import { type DestinationStream, type Logger, pino } from 'pino'
import pretty from 'pino-pretty'
import type { LogLevel } from './config/common-settings.ts'

export type { Logger } from 'pino'

export interface LoggerOptions {
  /** The process or service, as it stands in every line. */
  readonly name: string
  readonly level: LogLevel
  /** Where lines go; standard output when absent. */
  readonly destination?: DestinationStream
}

/**
 * JSON lines, because machines read them in production, and which no hostile name can break out of;
 * on a terminal the same as coloured text. Neither form ever shows a credential: what might hold
 * one is redacted by name here and never logged on purpose anywhere.
 */
export function createLogger(options: LoggerOptions): Logger {
  const destination = options.destination ?? standardOutput()
  return pino(
    {
      name: options.name,
      level: options.level,
      base: { name: options.name, pid: process.pid },
      serializers: { err: serializeError },
      redact: ['*.authorization', '*.cookie', '*.secret', '*.apiKey', 'authorization', 'apiKey'],
    },
    destination,
  )
}

function standardOutput(): DestinationStream {
  if (!process.stdout.isTTY) return pino.destination({ fd: 1, sync: true })
  return pretty({ colorize: true, sync: true, ignore: 'pid', translateTime: 'SYS:HH:MM:ss.l' })
}

/**
 * A BusError keeps what is for us alone: its internal facts and what caused it. Of a foreign error
 * only what every error has, for libraries hang whole connections on theirs, with what these hold.
 */
function serializeError(error: unknown): unknown {
  if (!(error instanceof BusError)) return serializeForeign(error)
  return {
    code: error.code,
    detail: error.detail,
    internal: error.internal,
    cause: error.cause === undefined ? undefined : serializeError(error.cause),
  }
}

function serializeForeign(error: unknown): unknown {
  if (!(error instanceof Error)) return { thrown: String(error) }
  return {
    type: error.name,
    message: error.message,
    stack: error.stack,
    code: (error as NodeJS.ErrnoException).code,
    cause: error.cause === undefined ? undefined : serializeError(error.cause),
  }
}

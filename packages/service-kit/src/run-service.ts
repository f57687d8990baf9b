/**
 * The life of a process: configuration, start, signals, end. Exit status 0 after a clean stop, also
 * of a start that a signal ended, 1 for a failure, 2 for configuration that cannot be used, 128 + n
 * when a second signal n cut it short.
 */
import { constants } from 'node:os'
import { limits } from '@courant/kernel'
import { type AdminServer, startAdminServer } from './admin-server.ts'
import type { commonSettings } from './config/common-settings.ts'
import { ConfigurationError, readEnvironment } from './config/read-environment.ts'
import type { ConfigOf, Setting } from './config/setting.ts'
import { type ServicePorts, systemPorts } from './service-ports.ts'

/** A service while it runs. */
export interface RunningService {
  stop(): Promise<void>
}

type CommonSettings = ReturnType<typeof commonSettings>

export interface ServiceDefinition<Settings extends CommonSettings> {
  readonly name: string
  readonly settings: Settings & Readonly<Record<string, Setting<unknown>>>
  /** `stopping` aborts at the first signal: a start that waits for others gives up and rejects. */
  start(
    config: ConfigOf<Settings>,
    ports: ServicePorts,
    stopping: AbortSignal,
  ): Promise<RunningService>
}

const CONFIGURATION_STATUS = 2
const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** Runs until a signal. Returns when the service serves; the process ends by itself later. */
export async function runService<Settings extends CommonSettings>(
  definition: ServiceDefinition<Settings>,
): Promise<void> {
  const config = configurationOrExit(definition)
  const ports = systemPorts(definition.name, config.logLevel)
  ports.metrics.observeProcess()
  crashLoudly(ports)
  ports.health.add('start', () => 'The service is starting.')
  const admin = await openAdminServer(config, ports)
  const stopping = new AbortController()
  stopOnSignal(ports, () => {
    stopping.abort()
    void drain(running, admin, ports)
  })
  const running = startOrExit(definition, config, ports, stopping.signal)
  await running
  ports.health.add('start', () => null)
  ports.log.info({ admin: admin?.address }, `${definition.name} is running`)
}

function configurationOrExit<Settings extends CommonSettings>(
  definition: ServiceDefinition<Settings>,
): ConfigOf<Settings> & ConfigOf<CommonSettings> {
  try {
    return readEnvironment(definition.settings, process.env) as ConfigOf<Settings> &
      ConfigOf<CommonSettings>
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    const problems = error.problems.map((problem) => `  ${problem.message}\n`).join('')
    process.stderr.write(`courant ${definition.name} cannot start with this configuration:\n`)
    process.stderr.write(problems)
    process.exit(CONFIGURATION_STATUS)
  }
}

function openAdminServer(
  config: ConfigOf<CommonSettings>,
  ports: ServicePorts,
): Promise<AdminServer | null> {
  if (config.adminPort === 'off') return Promise.resolve(null)
  return startAdminServer({ host: config.adminHost, port: config.adminPort }, ports).catch(
    (error: unknown) => exitAfter(ports, 'The administrative port cannot be opened', error),
  )
}

function startOrExit<Settings extends CommonSettings>(
  definition: ServiceDefinition<Settings>,
  config: ConfigOf<Settings>,
  ports: ServicePorts,
  stopping: AbortSignal,
): Promise<RunningService> {
  return definition.start(config, ports, stopping).catch((error: unknown) => {
    if (!stopping.aborted) return exitAfter(ports, 'The service could not start', error)
    ports.log.info({ err: error }, 'stopped before it could serve')
    return process.exit(0)
  })
}

/** State that nobody understands any more must not go on acknowledging: log it and end. */
function crashLoudly(ports: ServicePorts): void {
  process.on('uncaughtException', (error, origin) => {
    exitAfter(ports, `The process ends because of an ${origin}`, error)
  })
}

/** The first signal drains, the second ends the process at once. */
function stopOnSignal(ports: ServicePorts, stop: () => void): void {
  let signals = 0
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      signals += 1
      if (signals > 1) process.exit(128 + constants.signals[signal])
      ports.log.info({ signal }, 'stopping; a second signal stops at once')
      ports.health.drain()
      stop()
    })
  }
}

async function drain(
  running: Promise<RunningService>,
  admin: AdminServer | null,
  ports: ServicePorts,
): Promise<void> {
  ports.clock.setTimer(limits.shutdownMsMax, () =>
    exitAfter(ports, 'The service did not stop in time', undefined),
  )
  try {
    const service = await running
    await service.stop()
    await admin?.stop()
    ports.log.info('stopped')
    process.exit(0)
  } catch (error) {
    exitAfter(ports, 'The service did not stop cleanly', error)
  }
}

function exitAfter(ports: ServicePorts, message: string, error: unknown): never {
  ports.log.fatal({ err: error }, message)
  process.exit(1)
}

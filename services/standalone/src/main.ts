/**
 * `npm start`. Exit status 0 after a clean stop, 1 for a failure, 2 for configuration that cannot
 * be used, 128 + n when a second signal n cut the stop short.
 */
import '@courant/service-kit/thread-pool'
import { constants } from 'node:os'
import { limits } from '@courant/kernel'
import { ConfigurationError, readEnvironment, systemPorts } from '@courant/service-kit'
import { announcement } from './announcement.ts'
import { explainFailure } from './explain-failure.ts'
import { type StandaloneConfig, standaloneSettings } from './settings.ts'
import { type Standalone, startStandalone } from './standalone.ts'
import { onStopSignals } from './stop-signals.ts'

const config = configurationOrExit()
const ports = systemPorts('courant', config.logLevel)
process.on('uncaughtException', (error) => crash('The process ends because of an error', error))
ports.metrics.observeProcess()
const startedAt = ports.clock.monotonicMs()
const starting = startStandalone(config, ports)
onStopSignals(ports.clock, {
  stop: () => void stop(),
  again: (signal) => process.exit(128 + constants.signals[signal]),
})
await serve()

async function serve(): Promise<void> {
  const standalone = await starting.catch(failToStart)
  void standalone.lost.then((error) => crash('The database is gone', error))
  const { credentials, dataDirectory } = standalone
  const seconds = (ports.clock.monotonicMs() - startedAt) / 1000
  const colour = process.stdout.isTTY && process.env['NO_COLOR'] === undefined ? 'on' : 'off'
  process.stdout.write(announcement({ credentials, dataDirectory, seconds, colour }))
}

function configurationOrExit(): StandaloneConfig {
  try {
    return readEnvironment(standaloneSettings, process.env)
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    const problems = error.problems.map((problem) => `  ${problem.message}\n`).join('')
    process.stderr.write(`Courant cannot start with this configuration:\n${problems}`)
    process.exit(2)
  }
}

function failToStart(error: unknown): never {
  const explanation = explainFailure(error, config)
  if (explanation === null) crash('Courant could not start', error)
  process.stderr.write(`${explanation}\n`)
  process.exit(1)
}

async function stop(): Promise<void> {
  say('\nStopping; again to stop at once:\n')
  ports.health.drain()
  ports.clock.setTimer(limits.shutdownMsMax, () => crash('Courant did not stop in time', undefined))
  try {
    const standalone: Standalone = await starting
    await standalone.stop((part) => say(`  ${part}\n`))
    say('Stopped.\n')
    process.exit(0)
  } catch (error) {
    crash('Courant did not stop cleanly', error)
  }
}

function say(text: string): void {
  process.stdout.write(text)
}

/** State that nobody understands any more must not go on acknowledging. */
function crash(message: string, error: unknown): never {
  ports.log.fatal({ err: error }, message)
  process.exit(1)
}

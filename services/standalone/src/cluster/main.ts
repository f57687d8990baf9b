/**
 * `npm run cluster`: the supervisor of a local cluster. Exit status 0 after a clean stop, 1 for a
 * failure, 2 for configuration that cannot be used, 128 + n when a second signal n cut it short.
 */
import { constants } from 'node:os'
import { EmbeddedPostgresError } from '@courant/embedded-postgres'
import { systemClock, systemRandom } from '@courant/kernel'
import { ConfigurationError, readEnvironment } from '@courant/service-kit'
import { StartError } from '../start-error.ts'
import { onStopSignals } from '../stop-signals.ts'
import { startCluster } from './cluster.ts'
import { clusterAnnouncement } from './cluster-announcement.ts'
import { type ClusterConfig, clusterSettings } from './settings.ts'

const stopping = new AbortController()
onStopSignals(systemClock, {
  stop: () => stopping.abort(),
  again: (signal) => process.exit(128 + constants.signals[signal]),
})
const startedAt = systemClock.monotonicMs()
const starting = startCluster(configurationOrExit(), {
  clock: systemClock,
  random: systemRandom,
  environment: process.env,
  say,
  stopping: stopping.signal,
  requestStop: () => stopping.abort(),
})
stopping.signal.addEventListener('abort', () => void stop())
const cluster = await starting.catch(failToStart)
const seconds = (systemClock.monotonicMs() - startedAt) / 1000
const colour = process.stdout.isTTY && process.env['NO_COLOR'] === undefined ? 'on' : 'off'
say(clusterAnnouncement({ ...cluster, seconds, colour }))

function configurationOrExit(): ClusterConfig {
  try {
    return readEnvironment(clusterSettings, process.env)
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    const problems = error.problems.map(({ message }) => `\n  ${message}`).join('')
    process.stderr.write(`The cluster cannot start with this configuration:${problems}\n`)
    process.exit(2)
  }
}

/** A start that a signal ended has stopped what it had started. */
function failToStart(error: unknown): never {
  if (stopping.signal.aborted) {
    say('Stopped.')
    process.exit(0)
  }
  const isExplained = error instanceof StartError || error instanceof EmbeddedPostgresError
  process.stderr.write(`${isExplained ? error.message : stackOf(error)}\n`)
  process.exit(1)
}

async function stop(): Promise<void> {
  say('\nStopping; again to stop at once:')
  const serving = await starting.catch(failToStart)
  try {
    await serving.stop()
    say('Stopped.')
    process.exit(0)
  } catch (error) {
    process.stderr.write(`The cluster did not stop cleanly: ${stackOf(error)}\n`)
    process.exit(1)
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

import type { MetadataWatcher, WatchEvent } from '@courant/metadata'
import type { Logger, Metrics } from '@courant/service-kit'

/** Tells people how the copy of the metadata fares, in the log and as metrics. */
export class WatchReport {
  readonly #log: Logger
  /** A control plane that stays away is mentioned once, not at every attempt. */
  #isAway = false

  constructor(log: Logger) {
    this.#log = log
  }

  tell(event: WatchEvent): void {
    switch (event.kind) {
      case 'connected':
        this.#isAway = false
        this.#log.info({ address: event.address }, 'following the control plane')
        break
      case 'disconnected':
        this.#log[this.#isAway ? 'debug' : 'warn'](
          { address: event.address, err: event.error },
          'the watch of the control plane ended; what is known goes on being served',
        )
        this.#isAway = true
        break
      case 'snapshot':
        this.#log.info({ version: event.version }, 'metadata replaced by a snapshot')
        break
      case 'digestMismatch':
        this.#log.error({ version: event.version }, 'the copy of the metadata was damaged')
        break
      case 'rollback':
        this.#log.error(
          { version: event.version, offered: event.offered },
          'the control plane offers an older state than was applied; it is refused',
        )
    }
  }

  observe(metrics: Metrics, watcher: MetadataWatcher): void {
    const version = {
      name: 'courant_gateway_metadata_version',
      help: 'Version of the metadata that this gateway serves by.',
    }
    metrics.observe(version, () => watcher.copy.version)
    const connected = {
      name: 'courant_gateway_control_plane_connected',
      help: '1 while this gateway follows a control plane, else 0.',
    }
    metrics.observe(connected, () => (watcher.connected ? 1 : 0))
  }
}

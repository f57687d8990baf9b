import { type Clock, systemClock } from '@courant/kernel/clock'
import { type Random, systemRandom } from '@courant/kernel/random'
import { noTelemetry, type Telemetry } from './telemetry.ts'

export interface CourantOptions {
  /** Of any gateway, or of what balances the load over them: `https://bus.example.com`. */
  readonly url: string
  /** `crt_<keyId>_<secret>`. One in a web page is known to all who can load the page. */
  readonly apiKey: string
  /** Instead of the global one. */
  readonly fetch?: (request: Request) => Promise<Response>
  /** How long a request is tried again while that is safe; 120 s when absent, 0 for one try. */
  readonly retryMs?: number
  readonly telemetry?: Telemetry
  /** For tests that replace time and chance. */
  readonly clock?: Clock
  readonly random?: Random
}

/** The options with their defaults. */
export interface Settings {
  readonly url: string
  readonly apiKey: string
  readonly fetch: (request: Request) => Promise<Response>
  readonly retryMs: number
  readonly telemetry: Telemetry
  readonly clock: Clock
  readonly random: Random
}

const RETRY_MS = 120_000

/** Throws TypeError for a URL that is none. */
export function settingsOf(options: CourantOptions): Settings {
  const isUrl = URL.canParse(options.url) && /^https?:$/.test(new URL(options.url).protocol)
  if (!isUrl) throw new TypeError(`"${options.url}" is not the URL of a server`)
  return {
    url: new URL(options.url).href.replace(/\/+$/, ''),
    apiKey: options.apiKey,
    fetch: options.fetch ?? ((request) => globalThis.fetch(request)),
    retryMs: options.retryMs ?? RETRY_MS,
    telemetry: options.telemetry ?? noTelemetry,
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
  }
}

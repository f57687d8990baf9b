import type { Settings } from '../options.ts'
import { type Api, openApi } from './api.ts'
import { type Effect, failureOfAnswer } from './failure.ts'
import { withRetries } from './retry.ts'

/** What openapi-fetch answers. */
interface Answer<Data> {
  readonly data?: Data
  readonly error?: unknown
  readonly response: Response
}

export interface CallOptions {
  /** For telemetry: `produce orders`. */
  readonly name: string
  readonly effect: Effect
  readonly attributes?: Readonly<Record<string, string | number>>
  readonly signal?: AbortSignal | undefined
}

/** What a route needs beside its own parameters. */
export interface Sent {
  readonly headers: Record<string, string>
  readonly signal: AbortSignal | null
}

/** Requests with retries, tracing and typed errors. */
export class Calls {
  readonly settings: Settings
  readonly #api: Api

  constructor(settings: Settings) {
    this.settings = settings
    this.#api = openApi(settings)
  }

  /** The data of the first answer that is 2xx. Throws CourantError, or the reason of the signal. */
  async call<Data>(
    { name, effect, attributes = {}, signal }: CallOptions,
    send: (api: Api, sent: Sent) => Promise<Answer<Data>>,
  ): Promise<Data> {
    const span = this.settings.telemetry.startSpan(name, attributes)
    const headers: Record<string, string> = {}
    span.inject(headers)
    const sent = { headers, signal: signal ?? null }
    const attempt = async () => dataOf(await send(this.#api, sent))
    try {
      const data = await withRetries(this.settings, effect, () => span.within(attempt), signal)
      span.end()
      return data
    } catch (error) {
      span.end(error)
      throw error
    }
  }
}

function dataOf<Data>({ data, error, response }: Answer<Data>): Data {
  if (!response.ok) throw failureOfAnswer(response.status, error)
  // Routes without a body answer 204, and their type says so.
  return data as Data
}

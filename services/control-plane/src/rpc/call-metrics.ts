import type { CallContext } from '@courant/api'
import { BusError } from '@courant/kernel'
import {
  type Family,
  type Histogram,
  LATENCY_BUCKETS,
  type ServicePorts,
} from '@courant/service-kit'

type Unary<Request, Response> = (request: Request, context: CallContext) => Promise<Response>

/** Counts and times every call, by its method and the code that it ended with. */
export class CallMetrics {
  readonly #seconds: Family<'method' | 'code', Histogram>
  readonly #clock: ServicePorts['clock']

  constructor({ metrics, clock }: Pick<ServicePorts, 'metrics' | 'clock'>) {
    this.#clock = clock
    this.#seconds = metrics.histogram({
      name: 'courant_control_plane_call_seconds',
      help: 'Time from a call to its answer.',
      labels: { method: 30, code: 60 },
      buckets: LATENCY_BUCKETS,
    })
  }

  timed<Request, Response>(
    method: string,
    handle: Unary<Request, Response>,
  ): Unary<Request, Response> {
    return async (request, context) => {
      const startMs = this.#clock.monotonicMs()
      let code = 'OK'
      try {
        return await handle(request, context)
      } catch (error) {
        code = BusError.from(error).code
        throw error
      } finally {
        const seconds = (this.#clock.monotonicMs() - startMs) / 1_000
        this.#seconds.with({ method, code }).observe(seconds)
      }
    }
  }
}

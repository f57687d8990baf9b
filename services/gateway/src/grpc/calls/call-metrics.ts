import type { Clock } from '@courant/kernel'
import { type Histogram, LATENCY_BUCKETS, type Metrics } from '@courant/service-kit'
import { status } from '@grpc/grpc-js'

const METHODS_MAX = 100
const STATUSES_MAX = 20

/** Durations by method and status. A call that its caller gave up is CANCELLED. */
export class CallMetrics {
  readonly #clock: Clock
  readonly #family
  readonly #children = new Map<string, Histogram>()

  constructor(metrics: Metrics, clock: Clock) {
    this.#clock = clock
    this.#family = metrics.histogram({
      name: 'courant_gateway_grpc_call_seconds',
      help: 'Time from the headers of a call to its status.',
      labels: { method: METHODS_MAX, status: STATUSES_MAX },
      buckets: LATENCY_BUCKETS,
    })
  }

  /** Returns what is to be told the call's status at its end. */
  begin(path: string): (code: number) => void {
    const beganMs = this.#clock.monotonicMs()
    return (code) => {
      const key = `${path} ${code}`
      const child =
        this.#children.get(key) ??
        this.#family.with({ method: path.slice(1), status: status[code] ?? 'UNKNOWN' })
      this.#children.set(key, child)
      child.observe((this.#clock.monotonicMs() - beganMs) / 1000)
    }
  }
}

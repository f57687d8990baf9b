import { assert } from '@courant/kernel'
import {
  collectDefaultMetrics,
  Counter as PromCounter,
  Gauge as PromGauge,
  Histogram as PromHistogram,
  Registry,
} from 'prom-client'

/** Labels of a metric, and how many distinct values each may take before it says `other`. */
export type LabelLimits<Label extends string> = Readonly<Record<Label, number>>

export interface MetricOptions<Label extends string> {
  /** snake_case with the unit last: `courant_gateway_request_seconds`, `…_bytes`, `…_total`. */
  readonly name: string
  readonly help: string
  readonly labels?: LabelLimits<Label>
}

export interface Counter {
  inc(by?: number): void
}
export interface Gauge {
  set(value: number): void
}
export interface Histogram {
  observe(value: number): void
}

/** A metric with labels. `with` is for keeping: look a child up once, not for every event. */
export interface Family<Label extends string, Child> {
  with(labels: Readonly<Record<Label, string>>): Child
}

/** No label may take more values than this, whatever a metric asks for. */
const LABEL_VALUES_MAX = 1_000
/** What the values beyond a label's limit are counted as. */
const OVERFLOW = 'other'

/**
 * The metrics of one process. Every label has a bound on its distinct values: a metric by tenant or
 * topic without one is a way to exhaust our memory and that of whoever scrapes us.
 */
export class Metrics {
  readonly #registry = new Registry()

  counter<Label extends string = never>(options: MetricOptions<Label>): Family<Label, Counter> {
    assert(options.name.endsWith('_total'), 'a counter is named …_total')
    const metric = new PromCounter({ ...definition(options), registers: [this.#registry] })
    return new BoundedFamily(options.labels, (labels) => metric.labels(labels))
  }

  gauge<Label extends string = never>(options: MetricOptions<Label>): Family<Label, Gauge> {
    const metric = new PromGauge({ ...definition(options), registers: [this.#registry] })
    return new BoundedFamily(options.labels, (labels) => metric.labels(labels))
  }

  /** A value that is looked up when somebody asks for it, so that keeping it costs nothing. */
  observe(options: MetricOptions<never>, read: () => number): void {
    const metric: PromGauge = new PromGauge({
      ...definition(options),
      registers: [this.#registry],
      collect: () => metric.set(read()),
    })
  }

  /**
   * Values with labels, all looked up when somebody asks; what is not among them is not exported.
   * Their number is for `read` to bound: a bound on each label would not bound their combinations.
   */
  observeSeries<Label extends string>(
    options: Omit<MetricOptions<never>, 'labels'> & { readonly labels: readonly Label[] },
    read: () => Iterable<{
      readonly labels: Readonly<Record<Label, string>>
      readonly value: number
    }>,
  ): void {
    const { name, help, labels: labelNames } = options
    const metric: PromGauge = new PromGauge({
      ...definition({ name, help }),
      labelNames: [...labelNames],
      registers: [this.#registry],
      collect() {
        metric.reset()
        for (const { labels, value } of read()) metric.set(labels, value)
      },
    })
  }

  /** Counts that are kept as plain numbers on a hot path, and looked up when somebody asks. */
  observeCounts<Label extends string>(
    options: MetricOptions<Label> & { readonly labels: LabelLimits<Label> },
    read: () => Iterable<{
      readonly labels: Readonly<Record<Label, string>>
      readonly count: number
    }>,
  ): void {
    assert(options.name.endsWith('_total'), 'a counter is named …_total')
    const metric: PromCounter = new PromCounter({
      ...definition(options),
      registers: [this.#registry],
      collect() {
        metric.reset()
        for (const { labels, count } of read()) family.with(labels).inc(count)
      },
    })
    const family: Family<Label, Counter> = new BoundedFamily(options.labels, (labels) =>
      metric.labels(labels),
    )
  }

  histogram<Label extends string = never>(
    options: MetricOptions<Label> & { readonly buckets: readonly number[] },
  ): Family<Label, Histogram> {
    const metric = new PromHistogram({
      ...definition(options),
      buckets: [...options.buckets],
      registers: [this.#registry],
    })
    return new BoundedFamily(options.labels, (labels) => metric.labels(labels))
  }

  /** Adds those of the process itself: memory, garbage collection, lag of the event loop. */
  observeProcess(): void {
    collectDefaultMetrics({ register: this.#registry })
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  /** All metrics in the text format of Prometheus. */
  text(): Promise<string> {
    return this.#registry.metrics()
  }
}

/** Buckets in seconds for requests: 0.5 ms to a minute. */
export const LATENCY_BUCKETS = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
] as const

class BoundedFamily<Label extends string, Child> implements Family<Label, Child> {
  readonly #limits: ReadonlyMap<string, number>
  readonly #seen = new Map<string, Set<string>>()
  readonly #child: (labels: Record<string, string>) => Child

  constructor(
    limits: LabelLimits<Label> | undefined,
    child: (labels: Record<string, string>) => Child,
  ) {
    this.#limits = new Map(Object.entries<number>(limits ?? {}))
    this.#child = child
  }

  with(labels: Readonly<Record<Label, string>>): Child {
    const bounded: Record<string, string> = {}
    for (const [label, value] of Object.entries<string>(labels)) {
      bounded[label] = this.#bounded(label, value)
    }
    return this.#child(bounded)
  }

  #bounded(label: string, value: string): string {
    const limit = this.#limits.get(label)
    assert(limit !== undefined && limit <= LABEL_VALUES_MAX, `label ${label} has no usable limit`)
    const seen = this.#seen.get(label) ?? new Set()
    this.#seen.set(label, seen)
    if (!seen.has(value) && seen.size >= limit) return OVERFLOW
    seen.add(value)
    return value
  }
}

function definition(options: MetricOptions<string>): {
  name: string
  help: string
  labelNames: string[]
} {
  assert(/^courant_[a-z0-9_]+$/.test(options.name), `metric ${options.name} is not ours`)
  return { name: options.name, help: options.help, labelNames: Object.keys(options.labels ?? {}) }
}

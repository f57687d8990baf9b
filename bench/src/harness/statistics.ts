/** The middle of the samples: what a burst of other work on the machine cannot move. */
export function median(samples: readonly number[]): number {
  if (samples.length === 0) return Number.NaN
  const sorted = [...samples].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/** `fraction` of 0.99 is the p99. Sorts in place, for millions of samples are usual. */
export function percentiles<const F extends readonly number[]>(
  samples: Float64Array,
  fractions: F,
): { [K in keyof F]: number } {
  samples.sort()
  const pick = (fraction: number): number =>
    samples[Math.min(samples.length - 1, Math.floor(samples.length * fraction))] ?? Number.NaN
  return fractions.map(pick) as { [K in keyof F]: number }
}

/** Latencies of a run, in ms, in a buffer that grows by doubling: no allocation per sample. */
export class Latencies {
  #samples = new Float64Array(1 << 16)
  #count = 0

  record(ms: number): void {
    if (this.#count === this.#samples.length) this.#grow()
    this.#samples[this.#count++] = ms
  }

  summary(): LatencySummary {
    const [p50, p99, p999] = percentiles(this.#samples.subarray(0, this.#count), [0.5, 0.99, 0.999])
    return { p50, p99, p999 }
  }

  #grow(): void {
    const larger = new Float64Array(this.#samples.length * 2)
    larger.set(this.#samples)
    this.#samples = larger
  }
}

/** In ms. */
export interface LatencySummary {
  readonly p50: number
  readonly p99: number
  readonly p999: number
}

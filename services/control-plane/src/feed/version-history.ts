/** Versions of more than an hour ago are of no interest to anyone. */
const KEPT_MS = 3_600_000
const KEPT_MAX = 100_000

/** Which metadata version was current when, by the monotonic clock of this process. */
export class VersionHistory {
  #points: { readonly atMs: number; readonly version: number }[]

  constructor(atMs: number, version: number) {
    this.#points = [{ atMs, version }]
  }

  add(atMs: number, version: number): void {
    this.#points.push({ atMs, version })
    const [first] = this.#points
    if (this.#points.length < KEPT_MAX && atMs - (first?.atMs ?? atMs) < 2 * KEPT_MS) return
    const firstKept = this.#points.findLastIndex((point) => atMs - point.atMs > KEPT_MS)
    this.#points = this.#points.slice(Math.max(firstKept, this.#points.length - KEPT_MAX / 2))
  }

  /** A new incarnation: its versions are not comparable with the old ones. */
  restart(atMs: number, version: number): void {
    this.#points = [{ atMs, version }]
  }

  /** 0 before the first point. */
  at(ms: number): number {
    return this.#points.findLast(({ atMs }) => atMs <= ms)?.version ?? 0
  }
}

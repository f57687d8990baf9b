/**
 * Which brokers may be fenced, as far as this process has seen for itself (B2.7, amendment 5).
 * Pure.
 */

/** A session as it was read a moment ago. */
export interface SessionReading {
  readonly brokerId: number
  readonly brokerEpoch: number
  /** Changes with each heartbeat. */
  readonly expiresAt: string
  readonly hasExpired: boolean
}

interface Observation {
  readonly reading: string
  readonly sinceMs: number
}

/**
 * The database's clock may jump, and while it was away every session ran out. So a broker counts as
 * silent only after this process has watched its session, without a gap, for a whole session
 * timeout in which nothing renewed it. And when most brokers fall silent together, it is more
 * likely that we cannot hear them: that has to last for one more session.
 */
export class SilenceWatch {
  readonly #timeoutMs: number
  readonly #gapMsMax: number
  readonly #observed = new Map<number, Observation>()
  #lastMs: number | null = null
  #massSinceMs: number | null = null

  /** `gapMsMax`: two looks further apart than this prove nothing about the time between them. */
  constructor(timeoutMs: number, gapMsMax: number) {
    this.#timeoutMs = timeoutMs
    this.#gapMsMax = gapMsMax
  }

  /** Whether many brokers are silent and get one more session. */
  get holdsBack(): boolean {
    return this.#massSinceMs !== null
  }

  /** The sessions could not be read: everybody gets a full session again. */
  interrupt(): void {
    this.#observed.clear()
    this.#massSinceMs = null
    this.#lastMs = null
  }

  /** All sessions of brokers that are not fenced. Returns those of brokers to fence. */
  look(readings: readonly SessionReading[], nowMs: number): SessionReading[] {
    if (this.#lastMs !== null && nowMs - this.#lastMs > this.#gapMsMax) this.interrupt()
    this.#lastMs = nowMs
    const silent = readings.filter((reading) => this.#isSilent(reading, nowMs))
    this.#forgetOthers(readings)
    if (!isMass(silent.length, readings.length)) {
      this.#massSinceMs = null
      return silent
    }
    this.#massSinceMs ??= nowMs
    return nowMs - this.#massSinceMs >= this.#timeoutMs ? silent : []
  }

  #isSilent(reading: SessionReading, nowMs: number): boolean {
    const text = `${reading.brokerEpoch} ${reading.expiresAt}`
    const known = this.#observed.get(reading.brokerId)
    if (known?.reading !== text) {
      this.#observed.set(reading.brokerId, { reading: text, sinceMs: nowMs })
      return false
    }
    return reading.hasExpired && nowMs - known.sinceMs >= this.#timeoutMs
  }

  #forgetOthers(readings: readonly SessionReading[]): void {
    const present = new Set(readings.map(({ brokerId }) => brokerId))
    for (const brokerId of this.#observed.keys()) {
      if (!present.has(brokerId)) this.#observed.delete(brokerId)
    }
  }
}

/** More than half; of three brokers or fewer, all. */
function isMass(silent: number, of: number): boolean {
  if (silent === 0) return false
  return of <= 3 ? silent === of : silent * 2 > of
}

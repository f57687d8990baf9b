import type { Cluster } from '../cluster.ts'
import { areAllHeard, confirm } from './hear.ts'
import { readStanding } from './read-standing.ts'
import { type Standing, wentBack } from './standing.ts'

/**
 * For how long a server that has just started has been watched without a gap. Pure. Whoever is not
 * heard in a whole session is not waited for any longer: they could have said what they know.
 */
export class UnconfirmedTime {
  readonly #timeoutMs: number
  readonly #gapMsMax: number
  #server = ''
  #sinceMs: number | null = null
  #lastMs = 0

  constructor(timeoutMs: number, gapMsMax: number) {
    this.#timeoutMs = timeoutMs
    this.#gapMsMax = gapMsMax
  }

  interrupt(): void {
    this.#sinceMs = null
  }

  /** Whether the server may be confirmed though some have not been heard. */
  look(standing: Standing, nowMs: number): boolean {
    const isWaiting = mayConfirm(standing)
    const isSame = standing.server === this.#server && nowMs - this.#lastMs <= this.#gapMsMax
    if (!isWaiting || !isSame) this.#sinceMs = null
    this.#server = standing.server
    this.#lastMs = nowMs
    if (!isWaiting) return false
    this.#sinceMs ??= nowMs
    return nowMs - this.#sinceMs >= this.#timeoutMs
  }
}

export function mayConfirm(standing: Standing): boolean {
  return !standing.isConfirmed && !wentBack(standing)
}

/** Looks at the database in each control plane, as often as the session sweep. */
export class ConfirmationWatch {
  readonly #time: UnconfirmedTime

  constructor(timeoutMs: number, gapMsMax: number) {
    this.#time = new UnconfirmedTime(timeoutMs, gapMsMax)
  }

  interrupt(): void {
    this.#time.interrupt()
  }

  /** Whether the database may be decided on, as far as is known. */
  look({ database }: Cluster, nowMs: number): Promise<boolean> {
    return database.platform(
      async (transaction) => {
        const standing = await readStanding(transaction)
        if (this.#time.look(standing, nowMs)) await confirm(transaction)
        else if (mayConfirm(standing) && (await areAllHeard(transaction)))
          await confirm(transaction)
        return standing.isConfirmed && !wentBack(standing)
      },
      { onLostCommit: 'repeat' },
    )
  }
}

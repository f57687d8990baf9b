import { limits } from '@courant/kernel'

export type IncidentKind =
  | 'JOINED'
  | 'LEFT'
  | 'SESSION_EXPIRED'
  | 'REBALANCE_TIMED_OUT'
  | 'FENCED'
  | 'MEMBER_ID_SHARED'

export interface Incident {
  /** Wall clock. */
  readonly atMs: number
  readonly kind: IncidentKind
  readonly memberId: string
}

/** What has lately happened in a group, for people: bounded, and forgotten by a takeover. */
export class Incidents {
  #recent: Incident[] = []

  add(kind: IncidentKind, memberId: string, wallMs: number): void {
    this.#recent.push({ atMs: wallMs, kind, memberId })
    if (this.#recent.length > limits.groupIncidentsMax) this.#recent.shift()
  }

  /** Newest last. */
  since(wallMs: number): readonly Incident[] {
    this.#recent = this.#recent.filter(({ atMs }) => atMs > wallMs - limits.groupIncidentKeptMs)
    return [...this.#recent]
  }
}

/** The parts of a local cluster that can be stopped, killed and started again one by one. */

export const ROLES = ['postgres', 'control-plane', 'broker', 'gateway'] as const
export type Role = (typeof ROLES)[number]

/** How a process ended; `status` is null when a signal ended it. */
export interface Exit {
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
}

export interface MemberStatus {
  readonly role: Role
  /** From 1, among those of its role. */
  readonly id: number
  /** Null while there is no process. */
  readonly pid: number | null
  /** Where it serves: by `http`, `tcp` (Kafka frames of a broker), `grpc` or `postgres`. */
  readonly url: string
  /** `/readyz` and `/metrics`; null for PostgreSQL. */
  readonly adminUrl: string | null
  /** Of a broker. */
  readonly rack: string | null
  /** Path of its log. */
  readonly log: string
  /**
   * - `ready`: it serves.
   * - `not-ready`: it runs, and starts, stops, lacks something or does not answer.
   * - `stopped`: it was asked to stop.
   * - `ended`: it ended by itself or was killed.
   */
  readonly state: 'ready' | 'not-ready' | 'stopped' | 'ended'
  /** Of the last process, once it has ended. */
  readonly exit: Exit | null
}

export interface Member {
  readonly role: Role
  readonly id: number
  /** Rejects with a StartError that says why, and where to read more. */
  start(signal: AbortSignal): Promise<void>
  /** In order, as far as that is possible in time. */
  stop(): Promise<void>
  status(): Promise<MemberStatus>
  /** Called when the process has ended though nobody had asked for it. */
  onLost: (exit: Exit) => void
}

export function nameOf({ role, id }: Pick<Member, 'role' | 'id'>): string {
  return role === 'postgres' ? 'PostgreSQL' : `${role} ${id}`
}

export function exitText({ status, signal }: Exit): string {
  return signal === null ? `with status ${status}` : `by ${signal}`
}

import type { Clock } from '@courant/kernel'
import type { Metadata } from '@grpc/grpc-js'
import type { TenantPrincipal } from '../../auth/principal.ts'
import type { ReadAhead } from './read-ahead.ts'

/** What a call is made of besides its messages, once it has been admitted. */
export interface CallContext {
  readonly principal: TenantPrincipal
  readonly requestId: string
  /** For people: where the call comes from, and by what software. */
  readonly clientAddress: string
  readonly clientSoftware: string
  /** Aborts when the caller has gone or its deadline has passed: nobody will read the answer. */
  readonly signal: AbortSignal
  /** Milliseconds until the caller's deadline; Infinity without one. */
  leftMs(): number
  /** Of the messages that a stream of requests receives. */
  readonly readAhead: ReadAhead
}

/** Of a deadline, what the answer needs to arrive before it. */
const ANSWER_MS_MAX = 500
const ANSWER_PART = 10

/**
 * How long something may take for its answer to be heard before the caller's deadline. A caller
 * whose deadline passes hears nothing of what was applied.
 */
export function withinDeadline({ leftMs }: CallContext, timeoutMs: number): number {
  const left = leftMs()
  if (left === Number.POSITIVE_INFINITY) return timeoutMs
  const answered = left - Math.min(ANSWER_MS_MAX, left / ANSWER_PART)
  return Math.max(0, Math.min(timeoutMs, Math.floor(answered)))
}

/** Who calls, as the admission has found; kept by the metadata that handlers are given. */
export interface Admitted {
  readonly principal: TenantPrincipal
  readonly requestId: string
  readonly readAhead: ReadAhead
}

/** From the admission to the handlers. grpc-js passes nothing else on than the metadata. */
export class AdmittedCalls {
  readonly #admitted = new WeakMap<Metadata, Admitted>()
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(metadata: Metadata, admitted: Admitted): void {
    this.#admitted.set(metadata, admitted)
  }

  /** Null: nobody has admitted the call. */
  contextOf(call: {
    readonly metadata: Metadata
    getDeadline(): Date | number
    getPeer(): string
    once(event: 'cancelled', listener: () => void): unknown
  }): CallContext | null {
    const admitted = this.#admitted.get(call.metadata)
    if (admitted === undefined) return null
    const controller = new AbortController()
    call.once('cancelled', () => controller.abort())
    const deadline = Number(call.getDeadline())
    return {
      ...admitted,
      clientAddress: addressOf(call.getPeer()),
      clientSoftware: String(call.metadata.get('user-agent')[0] ?? ''),
      signal: controller.signal,
      leftMs: () => Math.max(0, deadline - this.#clock.now()),
    }
  }
}

/** The host of a peer that is named with its port. */
export function addressOf(peer: string): string {
  const colon = peer.lastIndexOf(':')
  return colon < 0 ? peer : peer.slice(0, colon)
}

/**
 * What happens to every call before its first message is read: names, draining, who is asking. The
 * counterpart of `http/admission.ts`.
 */
import { statusOf } from '@courant/api'
import { BusError } from '@courant/kernel'
import {
  type Metadata,
  type Responder,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
  status,
} from '@grpc/grpc-js'
import type { Authenticator } from '../../auth/authenticator.ts'
import type { TenantPrincipal } from '../../auth/principal.ts'
import type { Draining } from '../../http/draining.ts'
import { withRetryAfter } from '../../http/problem.ts'
import type { RequestIds } from '../../http/request-id.ts'
import { AdmittedCall } from './admitted-call.ts'
import { type AdmittedCalls, addressOf } from './call-context.ts'
import type { CallMetrics } from './call-metrics.ts'
import type { CallsUnderWay } from './calls-under-way.ts'
import { AHEAD_BYTES_MAX, ReadAhead } from './read-ahead.ts'

export interface GrpcAdmissionParts {
  readonly authenticator: Authenticator
  readonly draining: Draining
  readonly requestIds: RequestIds
  readonly admitted: AdmittedCalls
  readonly underWay: CallsUnderWay
  readonly metrics: CallMetrics
  /** Told of every refusal. */
  readonly onError: (error: BusError, requestId: string) => void
}

/** Health and reflection are for everyone: load balancers ask the one, tools the other. */
const GUARDED = '/courant.v1.'

export function admission(parts: GrpcAdmissionParts): ServerInterceptor {
  return ({ path, requestStream }, call) => {
    if (!path.startsWith(GUARDED)) return new ServerInterceptingCall(call)
    // A single request is read whole, and then the end of the requests has to be read too.
    const readAhead = new ReadAhead(requestStream ? AHEAD_BYTES_MAX : Number.POSITIVE_INFINITY)
    return admittedCall(parts, path, call, readAhead)
  }
}

function admittedCall(
  parts: GrpcAdmissionParts,
  path: string,
  call: ServerInterceptingCallInterface,
  readAhead: ReadAhead,
): ServerInterceptingCall {
  let requestId = ''
  let code: number = status.CANCELLED
  const observe = parts.metrics.begin(path)
  parts.underWay.begin()
  const responder: Responder = {
    start: (next) =>
      next({
        onReceiveMetadata(metadata, pass) {
          requestId = parts.requestIds.of(text(metadata, 'request-id'))
          const enter = (principal: TenantPrincipal): void => {
            parts.admitted.add(metadata, { principal, requestId, readAhead })
            pass(metadata)
          }
          admit(parts, metadata, call, enter, (thrown) => {
            const error = withRetryAfter(BusError.from(thrown))
            parts.onError(error, requestId)
            code = error.facts.grpc
            call.sendStatus(statusOf(error, requestId))
          })
        },
        onReceiveMessage(message: Buffer, pass) {
          readAhead.received(message.length)
          pass(message)
        },
        // The end of every call, whoever has ended it.
        onCancel() {
          parts.underWay.end()
          observe(code)
        },
      }),
    sendMetadata(metadata, next) {
      metadata.set('request-id', requestId)
      next(metadata)
    },
    sendStatus(sent, next) {
      code = sent.code ?? status.OK
      next(sent)
    },
  }
  return new AdmittedCall(call, responder, readAhead)
}

function admit(
  { authenticator, draining }: GrpcAdmissionParts,
  metadata: Metadata,
  call: ServerInterceptingCallInterface,
  enter: (principal: TenantPrincipal) => void,
  refuse: (thrown: unknown) => void,
): void {
  if (draining.hasBegun) {
    refuse(new BusError('SHUTTING_DOWN', 'This gateway is shutting down; ask another.'))
    return
  }
  const authorization = text(metadata, 'authorization')
  const known = authorization === undefined ? null : authenticator.recall(authorization)
  const asTenant = (principal: { readonly kind: string }): void => {
    if (isTenant(principal)) enter(principal)
    else refuse(new BusError('PERMISSION_DENIED', FOR_TENANTS))
  }
  if (known !== null) asTenant(known)
  else authenticator.authenticate(authorization, addressOf(call.getPeer())).then(asTenant, refuse)
}

function isTenant(principal: { readonly kind: string }): principal is TenantPrincipal {
  return principal.kind === 'tenant'
}

const FOR_TENANTS = "This call works inside a tenant: use a tenant's API key, not an operator's."

/** Values of one name are joined as HTTP does it, so that two credentials are none. */
function text(metadata: Metadata, name: string): string | undefined {
  const values = metadata.get(name)
  return values.length === 0 ? undefined : values.join(', ')
}

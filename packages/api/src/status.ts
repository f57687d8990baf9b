/**
 * BusError ⇄ gRPC status, total in both directions.
 *
 * The status travels as google.rpc.Status in `grpc-status-details-bin`: ErrorInfo {reason = code,
 * domain = courant, metadata {applied, retriable, requestId, extra}}, RetryInfo, and BadRequest
 * with the field violations. A status without our ErrorInfo was made by the gRPC library or a
 * proxy; what it can mean at most is read from its numeric code.
 */
import { BusError, type ErrorCode, errorCodes } from '@courant/kernel'
import { Metadata, type StatusObject, status } from '@grpc/grpc-js'
import type { Any } from './gen/google/protobuf/any.ts'
import { BadRequest, ErrorInfo, RetryInfo } from './gen/google/rpc/error_details.ts'
import { Status } from './gen/google/rpc/status.ts'

const DETAILS_KEY = 'grpc-status-details-bin'
const DOMAIN = 'courant'
const ERROR_INFO = 'type.googleapis.com/google.rpc.ErrorInfo'
const RETRY_INFO = 'type.googleapis.com/google.rpc.RetryInfo'
const BAD_REQUEST = 'type.googleapis.com/google.rpc.BadRequest'

/** What a gRPC server answers for the error. */
export function statusOf(error: BusError, requestId?: string): StatusObject {
  const { grpc } = error.facts
  const details = [errorInfo(error, requestId), ...retryInfo(error), ...badRequest(error)]
  const metadata = new Metadata()
  const encoded = Status.encode({ code: grpc, message: error.detail, details }).finish()
  metadata.set(DETAILS_KEY, Buffer.from(encoded))
  return { code: grpc, details: error.detail, metadata }
}

/** The error that a gRPC client sees. Whatever was thrown becomes a BusError. */
export function errorOf(thrown: unknown): BusError {
  if (thrown instanceof BusError) return thrown
  if (!isStatus(thrown)) return BusError.from(thrown)
  const [encoded] = thrown.metadata.get(DETAILS_KEY)
  const decoded = Buffer.isBuffer(encoded) ? decodeDetails(encoded) : null
  return decoded ?? bareStatus(thrown)
}

function errorInfo(error: BusError, requestId: string | undefined): Any {
  const { applied, retriable } = error.facts
  const metadata = {
    applied,
    retriable: String(retriable),
    ...(requestId === undefined ? {} : { requestId }),
    ...(error.extra === undefined ? {} : { extra: JSON.stringify(error.extra) }),
  }
  const value = ErrorInfo.encode({ reason: error.code, domain: DOMAIN, metadata }).finish()
  return { typeUrl: ERROR_INFO, value: Buffer.from(value) }
}

function retryInfo(error: BusError): Any[] {
  if (error.retryAfterMs === undefined) return []
  const seconds = Math.floor(error.retryAfterMs / 1000)
  const nanos = Math.round((error.retryAfterMs - seconds * 1000) * 1e6)
  const value = RetryInfo.encode({ retryDelay: { seconds, nanos } }).finish()
  return [{ typeUrl: RETRY_INFO, value: Buffer.from(value) }]
}

function badRequest(error: BusError): Any[] {
  if (error.violations.length === 0) return []
  const fieldViolations = error.violations.map(({ pointer, detail }) => ({
    field: pointer,
    description: detail,
  }))
  const value = BadRequest.encode({ fieldViolations }).finish()
  return [{ typeUrl: BAD_REQUEST, value: Buffer.from(value) }]
}

/** Null: these are not our details, or are damaged. */
function decodeDetails(encoded: Buffer): BusError | null {
  try {
    const { message, details } = Status.decode(encoded)
    const part = (typeUrl: string): Buffer | undefined =>
      details.find((detail) => detail.typeUrl === typeUrl)?.value
    const info = ErrorInfo.decode(part(ERROR_INFO) ?? Buffer.alloc(0))
    if (info.domain !== DOMAIN) return null
    const bad = BadRequest.decode(part(BAD_REQUEST) ?? Buffer.alloc(0))
    const delay = RetryInfo.decode(part(RETRY_INFO) ?? Buffer.alloc(0)).retryDelay
    const { requestId } = info.metadata
    const extra = parseExtra(info.metadata)
    return new BusError(knownCode(info), message, {
      violations: bad.fieldViolations.map((violation) => ({
        pointer: violation.field,
        detail: violation.description,
      })),
      ...(delay === undefined ? {} : { retryAfterMs: delay.seconds * 1000 + delay.nanos / 1e6 }),
      ...(extra === undefined ? {} : { extra }),
      ...(requestId === undefined ? {} : { internal: { requestId } }),
    })
  } catch {
    return null
  }
}

/** A code of a newer version keeps what matters about it: was it applied, and does a retry help? */
function knownCode({ reason, metadata: { applied, retriable } }: ErrorInfo): ErrorCode {
  if (Object.hasOwn(errorCodes, reason)) return reason as ErrorCode
  if (applied === 'no') {
    return retriable === 'true' ? 'CONTROL_PLANE_UNAVAILABLE' : 'INVALID_ARGUMENT'
  }
  return retriable === 'true' ? 'TIMED_OUT' : 'INTERNAL'
}

function parseExtra({ extra: text }: Record<string, string>): Record<string, unknown> | undefined {
  const parsed: unknown = text === undefined ? undefined : JSON.parse(text)
  return typeof parsed === 'object' && parsed !== null ? { ...parsed } : undefined
}

/**
 * Codes of a status that our servers did not make. UNAVAILABLE is not "nothing was applied" here:
 * grpc-js also says it of a connection that broke while the answer was under way. Only a request
 * that never left is known not to have been applied.
 */
function bareStatus(thrown: StatusObject): BusError {
  const cause = { cause: thrown }
  switch (thrown.code) {
    case status.UNAVAILABLE:
      return /^(No connection established|Name resolution failed|Waiting for LB pick)/.test(
        thrown.details,
      )
        ? new BusError('CONTROL_PLANE_UNAVAILABLE', 'The control plane cannot be reached.', cause)
        : new BusError('CONNECTION_LOST', 'The connection broke before the answer.', cause)
    case status.CANCELLED:
    case status.ABORTED:
      return new BusError('CONNECTION_LOST', 'The call ended before the answer.', cause)
    case status.DEADLINE_EXCEEDED:
      return thrown.details.includes('Waiting for LB pick')
        ? new BusError('CONTROL_PLANE_UNAVAILABLE', 'The control plane cannot be reached.', cause)
        : new BusError('TIMED_OUT', 'The answer did not come in time.', cause)
    case status.UNIMPLEMENTED:
      return new BusError('NOT_IMPLEMENTED', 'The other side does not know this call.', cause)
    case status.RESOURCE_EXHAUSTED:
      // A stream that was reset with ENHANCE_YOUR_CALM: the connection had too many of them.
      if (thrown.details.startsWith('Bandwidth exhausted')) {
        return new BusError('CONNECTION_LOST', 'The other side took no more calls.', cause)
      }
      return thrown.details.startsWith('Attempted to send')
        ? new BusError('PAYLOAD_TOO_LARGE', 'The request is larger than the limit.', cause)
        : BusError.from(thrown)
    default:
      return BusError.from(thrown)
  }
}

function isStatus(thrown: unknown): thrown is StatusObject {
  if (typeof thrown !== 'object' || thrown === null) return false
  const candidate: Partial<StatusObject> = thrown
  return (
    typeof candidate.code === 'number' &&
    typeof candidate.details === 'string' &&
    candidate.metadata instanceof Metadata
  )
}

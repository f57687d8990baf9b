import type { ErrorCode } from '@courant/kernel'
import type { RouteDescription } from './route.ts'

/**
 * Every code that the route may answer: those of its own and those of what all routes go through.
 */
export function errorsOf(route: RouteDescription): readonly ErrorCode[] {
  const codes: ErrorCode[] = ['SHUTTING_DOWN', 'INTERNAL', ...route.errors]
  if (route.access !== 'public') {
    codes.push('UNAUTHENTICATED', 'PERMISSION_DENIED', 'THROTTLED', 'NOT_ACCEPTABLE')
    codes.push('CONTROL_PLANE_UNAVAILABLE', 'INVALID_ARGUMENT')
  }
  if (route.body !== undefined) {
    codes.push('INVALID_JSON', 'UNSUPPORTED_MEDIA_TYPE')
    codes.push('PAYLOAD_TOO_LARGE', 'REQUEST_TIMEOUT', 'NOT_IMPLEMENTED')
  }
  return [...new Set(codes)]
}

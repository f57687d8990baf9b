import type { RouteDescription } from '../rest/route.ts'
import { exampleRequest } from './example-request.ts'

/** A line for the shell that makes the request of the route's example. */
export function curlLine(route: RouteDescription, base = 'http://localhost:8080'): string {
  const { method, path, contentType, body } = exampleRequest(route)
  const key = route.access === 'operator' ? '$COURANT_OPERATOR_KEY' : '$COURANT_API_KEY'
  const parts = [
    'curl',
    method === 'GET' ? '' : `-X ${method}`,
    `${base}${path}`,
    route.access === 'public' ? '' : `\\\n  -H "Authorization: Bearer ${key}"`,
    contentType === null ? '' : `\\\n  -H 'Content-Type: ${contentType}'`,
    body === null ? '' : `\\\n  --data-binary '${body.replaceAll("'", "'\\''")}'`,
  ]
  return parts.filter((part) => part !== '').join(' ')
}

import type { RouteDescription } from '../rest/route.ts'

/** Values for path parameters in examples. */
export const PATH_SAMPLES: Readonly<Record<string, string | number>> = {
  topic: 'orders',
  partition: 3,
  keyId: 'V1StGXR8Z5jdHi6B',
}

/** A line for the shell that makes the request of the route's example. */
export function curlLine(route: RouteDescription, base = 'http://localhost:8080'): string {
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    String(PATH_SAMPLES[name] ?? name),
  )
  const key = route.access === 'operator' ? '$COURANT_OPERATOR_KEY' : '$COURANT_API_KEY'
  const [body] = Object.entries(route.body ?? {})
  const parts = [
    'curl',
    route.method === 'GET' ? '' : `-X ${route.method}`,
    `${base}${path}`,
    route.access === 'public' ? '' : `\\\n  -H "Authorization: Bearer ${key}"`,
    body === undefined ? '' : bodyOptions(body[0], body[1].example),
  ]
  return parts.filter((part) => part !== '').join(' ')
}

function bodyOptions(type: string, example: unknown): string {
  const text = typeof example === 'string' ? example : JSON.stringify(example)
  const quoted = text.replaceAll("'", "'\\''")
  const contentType = type === '*' ? 'application/octet-stream' : type
  return `\\\n  -H 'Content-Type: ${contentType}' \\\n  --data-binary '${quoted}'`
}

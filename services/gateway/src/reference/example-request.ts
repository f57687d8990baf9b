import type { HttpMethod, RouteDescription } from '../rest/route.ts'

/** Values for path parameters in examples. */
export const PATH_SAMPLES: Readonly<Record<string, string | number>> = {
  topic: 'orders',
  partition: 3,
  keyId: 'V1StGXR8Z5jdHi6B',
  brokerId: 1,
  group: 'billing',
  memberId: 'worker-1',
}

/** The request that the reference shows for a route, which tests send as well. */
export interface ExampleRequest {
  readonly method: HttpMethod
  readonly path: string
  /** Null: none. */
  readonly contentType: string | null
  readonly body: string | null
}

/** `values` stand in for the path parameters of the reference. */
export function exampleRequest(
  route: RouteDescription,
  values: Readonly<Record<string, string | number>> = {},
): ExampleRequest {
  const sampleOf = (name: string): string => String(values[name] ?? PATH_SAMPLES[name] ?? name)
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => sampleOf(name))
  const [first] = Object.entries(route.body ?? {})
  if (first === undefined) return { method: route.method, path, contentType: null, body: null }
  const [type, { example }] = first
  const contentType = type === '*' ? 'application/octet-stream' : type
  const body = typeof example === 'string' ? example : JSON.stringify(example)
  return { method: route.method, path, contentType, body }
}

import type { components } from '@courant/api/openapi'

/** `application/problem+json` (RFC 9457); codes may add members of their own. */
export type Problem = Omit<components['schemas']['Problem'], 'requestId'> & {
  readonly requestId?: string
  readonly [extra: string]: unknown
}

import { type BusError, limits } from '@courant/kernel'

/** By the name that a THROTTLED error carries: what the caller's share is. */
const POLICIES: Readonly<Record<string, string>> = {
  'unknown-names': `"unknown-names";q=${limits.unknownNamesPerSecondMax};w=1`,
  'tenant-memory': `"tenant-memory";q=${limits.accumulatorTenantBytesMax};qu="content-bytes"`,
}

/**
 * The fields of draft-ietf-httpapi-ratelimit-headers: which share is used up, and after how many
 * seconds there is some of it again.
 */
export function rateLimitHeaders(error: BusError, afterSeconds: string): Record<string, string> {
  if (error.code !== 'THROTTLED') return {}
  const given = error.extra?.['policy']
  const name = typeof given === 'string' ? given : 'default'
  const policy = POLICIES[name]
  return {
    ratelimit: `"${name}";r=0;t=${afterSeconds}`,
    ...(policy === undefined ? {} : { 'ratelimit-policy': policy }),
  }
}

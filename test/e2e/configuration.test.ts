/** Goal: a service that cannot run as it is configured says why, all of it, and exits with 2. */
import { describe, expect, it } from 'vitest'
import { Child } from './support/child.ts'
import { cleanEnvironment, mainOf } from './support/repository.ts'

const CASES = [
  {
    service: 'control-plane',
    env: { COURANT_CONTROL_PLANE_LISTEN: 'nowhere', COURANT_OPERATOR_KEY: 'crt_short' },
    says: [
      'DATABASE_URL is required',
      'COURANT_CONTROL_PLANE_LISTEN is "nowhere", but must be host:port',
      'COURANT_OPERATOR_KEY is a value that is not shown',
    ],
    never: 'crt_short',
  },
  {
    service: 'broker',
    env: { COURANT_RING_BYTES: '1', COURANT_CONTROL_PLANE: 'a,b' },
    says: [
      'COURANT_BROKER_ID is required',
      'COURANT_RING_BYTES is "1", but must be a whole number',
      'COURANT_CONTROL_PLANE is "a,b", but must be host:port',
    ],
    never: '    at ',
  },
  {
    service: 'gateway',
    env: { COURANT_HTTP_PORT: '99999', COURANT_CORS_ORIGINS: 'https://a.example/path' },
    says: [
      'COURANT_HTTP_PORT is "99999", but must be a port',
      'COURANT_CORS_ORIGINS is "https://a.example/path", but must be origins',
    ],
    never: '    at ',
  },
] as const

describe('bad configuration', () => {
  it.each(CASES)('of the $service is explained, and refused with 2', async (given) => {
    const child = new Child(mainOf(given.service), { env: { ...cleanEnvironment(), ...given.env } })
    expect(await child.ended).toBe(2)
    for (const sentence of given.says) expect(child.output).toContain(sentence)
    expect(child.output).not.toContain(given.never)
  })
})

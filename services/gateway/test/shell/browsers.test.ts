/** Goal: a web page can call us only if its exact origin was configured. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allowedOrigin, type StartedGateway, startGatewayForTest } from './started-gateway.ts'

let started: StartedGateway

beforeAll(async () => {
  started = await startGatewayForTest()
})
afterAll(() => started.stop())

function preflight(origin: string): Promise<Response> {
  return started.request('/v1/topics/orders/records', {
    key: null,
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'POST' },
  })
}

describe('CORS', () => {
  it('answers the preflight of an allowed origin without a credential', async () => {
    const response = await preflight(allowedOrigin)
    expect(response.status).toBe(204)
    expect(response.headers.get('access-control-allow-origin')).toBe(allowedOrigin)
    expect(response.headers.get('access-control-allow-methods')).toContain('POST')
    expect(response.headers.get('access-control-allow-headers')).toContain('Authorization')
    expect(response.headers.get('access-control-allow-credentials')).toBeNull()
    expect(response.headers.get('vary')).toContain('Origin')
  })

  it('lets an allowed page read answers, problems too, and the headers that it needs', async () => {
    for (const [path, status] of [
      ['/v1/topics', 200],
      ['/v1/topics/nowhere', 404],
      ['/v2/none', 404],
    ] as const) {
      const response = await started.request(path, { headers: { origin: allowedOrigin } })
      expect(response.status).toBe(status)
      expect(response.headers.get('access-control-allow-origin')).toBe(allowedOrigin)
      const exposed = response.headers.get('access-control-expose-headers')
      for (const name of ['Request-Id', 'Retry-After', 'RateLimit', 'Idempotency-Replayed']) {
        expect(exposed).toContain(name)
      }
    }
  })

  it.each([
    ['another origin', 'https://evil.example'],
    ['a longer origin', `${allowedOrigin}.evil.example`],
    ['another scheme', allowedOrigin.replace('https', 'http')],
    ['null', 'null'],
  ])('grants nothing to %s', async (_, origin) => {
    const asked = await preflight(origin)
    expect(asked.status).toBe(405)
    expect(asked.headers.get('access-control-allow-origin')).toBeNull()
    const response = await started.request('/v1/topics', { headers: { origin } })
    expect(response.headers.get('access-control-allow-origin')).toBeNull()
  })
})

describe('the pages', () => {
  it('are complete in themselves, and their policy lets nothing else in', async () => {
    for (const path of ['/docs', '/docs/errors']) {
      const response = await started.request(path, { key: null })
      expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
      const policy = response.headers.get('content-security-policy') ?? ''
      expect(policy).toContain("default-src 'none'")
      expect(policy).not.toContain('unsafe')
      const html = await response.text()
      expect(html).not.toMatch(/<script|<img|<link|src=|@import|url\(/)
      expect(html.match(/<style>/g)).toHaveLength(1)
    }
  })

  it('are where a browser is sent from the root', async () => {
    const response = await started.request('/', { key: null, redirect: 'manual' })
    expect([response.status, response.headers.get('location')]).toEqual([302, '/docs'])
    expect(await response.json()).toMatchObject({ openapi: '/openapi.json' })
  })
})

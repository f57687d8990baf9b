/**
 * Goal: whoever calls is known from a header or not at all, and gets no further than the key says.
 */
import { hash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { apiKey, keyEntry, operatorKey, tenants } from '../metadata-entries.ts'
import { until } from '../records/until.ts'
import { rawRequest } from './raw-request.ts'
import { type StartedGateway, startGatewayForTest } from './started-gateway.ts'

let started: StartedGateway

beforeAll(async () => {
  started = await startGatewayForTest()
})
afterAll(() => started.stop())

const [, keyId = '', secret = ''] = apiKey.split('_')

async function statusWith(authorization: string, path = '/v1/topics'): Promise<number> {
  const response = await started.request(path, { key: null, headers: { authorization } })
  await response.body?.cancel()
  return response.status
}

describe('a credential', () => {
  it('is a bearer key or its parts by Basic, whatever the case of the scheme', async () => {
    const basic = Buffer.from(`${keyId}:${secret}`).toString('base64')
    expect(await statusWith(`Bearer ${apiKey}`)).toBe(200)
    expect(await statusWith(`bearer ${apiKey}`)).toBe(200)
    expect(await statusWith(`Basic ${basic}`)).toBe(200)
    expect(await statusWith(`BASIC ${basic}`)).toBe(200)
  })

  it('is asked for with both schemes, and refused in the same words whatever was wrong', async () => {
    const absent = await started.request('/v1/topics', { key: null })
    expect(absent.status).toBe(401)
    expect(absent.headers.get('www-authenticate')).toMatch(/^Bearer realm=.*, Basic realm=/)
    const wrongSecret = `crt_${keyId}_${'x'.repeat(43)}`
    const unknownKey = `crt_${'Z'.repeat(16)}_${secret}`
    const problems = await Promise.all(
      [wrongSecret, unknownKey].map(async (key) => {
        const response = await started.request('/v1/topics', { key })
        return { ...((await response.json()) as object), requestId: '' }
      }),
    )
    expect(problems[0]).toEqual(problems[1])
    expect(problems[0]).toMatchObject({ status: 401, code: 'UNAUTHENTICATED', applied: 'no' })
  })

  it.each([
    ['nothing', ''],
    ['a scheme alone', 'Bearer'],
    ['another scheme', 'Digest username="a"'],
    ['a key that is cut', `Bearer ${apiKey.slice(0, -1)}`],
    ['a key with more behind it', `Bearer ${apiKey}x`],
    ['a JSON web token', 'Bearer eyJhbGciOiJub25lIn0.e30.'],
    ['Basic that is not base64', 'Basic ***'],
    ['Basic of something else', `Basic ${Buffer.from('user:password').toString('base64')}`],
    ['two keys in one header', `Bearer ${apiKey}, Bearer ${apiKey}`],
    ['a very long header', `Bearer ${'a'.repeat(8_000)}`],
  ])('is not %s', async (_, authorization) => {
    expect(await statusWith(authorization)).toBe(401)
  })

  it('is refused when there are two headers, instead of taking the first', async () => {
    const header = `Authorization: Bearer ${apiKey}`
    const { status } = await rawRequest(started.port, ['GET /v1/topics HTTP/1.1', header, header])
    expect(status).toBe(401)
  })

  it('is never read from a URL', async () => {
    for (const name of ['apiKey', 'access_token', 'api_key', 'key', 'token']) {
      const response = await started.request(`/v1/topics?${name}=${apiKey}`, { key: null })
      expect(response.status).toBe(401)
      expect(await response.text()).not.toContain(secret)
      const both = await started.request(`/v1/topics?${name}=${apiKey}`)
      expect(both.status).toBe(400)
      expect(await both.text()).not.toContain(secret)
    }
  })

  it('ends with its row: once it has expired or its secret is another', async () => {
    const id = 'R'.repeat(16)
    const key = `crt_${id}_${secret}`
    const [{ tenantId }] = tenants
    started.control.change([keyEntry(id, tenantId)])
    await until(async () => (await statusWith(`Bearer ${key}`)) === 200)
    started.control.change([keyEntry(id, tenantId, 1)])
    await until(async () => (await statusWith(`Bearer ${key}`)) === 401)
    started.control.change([keyEntry(id, tenantId)])
    await until(async () => (await statusWith(`Bearer ${key}`)) === 200)
    const other = hash('sha256', 'another', 'buffer')
    const [name, entry] = keyEntry(id, tenantId)
    if (entry?.$case === 'apiKey') entry.value.secretSha256 = other
    started.control.change([[name, entry]])
    await until(async () => (await statusWith(`Bearer ${key}`)) === 401)
  })

  it('that nobody knows is looked up once, and guessing is throttled by address', async () => {
    const unknown = `crt_${'U'.repeat(16)}_${secret}`
    await Promise.all([statusWith(`Bearer ${unknown}`), statusWith(`Bearer ${unknown}`)])
    expect(started.control.lookUps.filter((name) => name === 'U'.repeat(16))).toHaveLength(1)
    const guesses = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        started.request('/v1/topics', { key: `crt_${String(index).padStart(16, 'g')}_${secret}` }),
      ),
    )
    const throttled = guesses.find(({ status }) => status === 429)
    expect(throttled?.headers.get('retry-after')).toMatch(/^\d+$/)
    expect(throttled?.headers.get('ratelimit')).toMatch(/^"unknown-names";r=0;t=\d+$/)
    expect(throttled?.headers.get('ratelimit-policy')).toMatch(/^"unknown-names";q=\d+;w=1$/)
    expect(guesses.every(({ status }) => status === 401 || status === 429)).toBe(true)
  })
})

describe('the two kinds of key', () => {
  it("refuse an operator on tenants' routes and a tenant on operators', with 403", async () => {
    for (const [path, key] of [
      ['/v1/topics', operatorKey],
      ['/v1/topics/orders', operatorKey],
      ['/v1/topics/orders/partitions/0/records', operatorKey],
      ['/v1/api-keys', operatorKey],
      ['/v1/tenants', apiKey],
      ['/v1/cluster', apiKey],
    ] as const) {
      const response = await started.request(path, { key })
      expect([path, response.status]).toEqual([path, 403])
      expect(await response.json()).toMatchObject({ code: 'PERMISSION_DENIED', applied: 'no' })
    }
    expect((await started.request('/v1/cluster', { key: operatorKey })).status).toBe(200)
    expect(started.control.adminCalls).toEqual([])
  })
})

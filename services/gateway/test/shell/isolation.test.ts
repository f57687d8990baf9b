/**
 * Goal: no route shows that another tenant's topic exists. Method: every route of the table whose
 * path names a topic, called with its own example by the owner, by a stranger, and for a name that
 * nobody has. What goes on in the control plane (keys, creation) is tested with a real one in
 * services/standalone, from the same table.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { exampleRequest } from '../../src/reference/example-request.ts'
import { allRoutes } from '../../src/rest/all-routes.ts'
import type { RouteDescription } from '../../src/rest/route.ts'
import { apiKey, operatorKey, strangerKey } from '../metadata-entries.ts'
import { type StartedGateway, startGatewayForTest } from './started-gateway.ts'

let started: StartedGateway

beforeAll(async () => {
  started = await startGatewayForTest()
})
afterAll(() => started.stop())
afterEach(() => {
  started.control.adminCalls.length = 0
})

const tenantRoutes = allRoutes.filter(({ access }) => access === 'tenant')
const operatorRoutes = allRoutes.filter(({ access }) => access === 'operator')
const topicRoutes = tenantRoutes.filter(({ isolation }) => isolation === 'topic')

interface Answer {
  readonly status: number
  /** Without what differs between any two requests, and without the name that was asked for. */
  readonly text: string
}

async function call(route: RouteDescription, topic: string, key: string | null): Promise<Answer> {
  const { method, path, contentType, body } = exampleRequest(route, { topic, partition: 0 })
  const response = await started.request(path, {
    method,
    key,
    headers: {
      'request-id': 'same',
      ...(contentType === null ? {} : { 'content-type': contentType }),
    },
    ...(body === null ? {} : { body }),
  })
  return { status: response.status, text: (await response.text()).replaceAll(topic, 'NAME') }
}

describe('the table', () => {
  it("says of every tenant's route how another tenant could be seen through it", () => {
    for (const { path, isolation } of tenantRoutes) expect([path, isolation]).not.toContain('none')
    const named = tenantRoutes.filter(({ path }) => path.includes('{topic}'))
    expect(named).toEqual(topicRoutes)
    expect(topicRoutes.length).toBeGreaterThan(5)
  })
})

describe.each(topicRoutes)('$method $path', (route) => {
  it('answers alike for a topic of another tenant and for none at all, and does nothing', async () => {
    const received = started.broker.received.length
    const foreign = await call(route, 'orders', strangerKey)
    const missing = await call(route, 'nobodys', strangerKey)
    expect(foreign.status).toBe(404)
    expect(foreign).toEqual(missing)
    expect(started.control.adminCalls).toEqual([])
    expect(started.broker.received).toHaveLength(received)
  })
})

describe.each(topicRoutes)('$method $path of its owner', (route) => {
  it('finds the topic', async () => {
    expect((await call(route, 'orders', apiKey)).status).not.toBe(404)
  })
})

describe.each(tenantRoutes)('$method $path', (route) => {
  it('is closed to operators and to nobody', async () => {
    expect((await call(route, 'orders', operatorKey)).status).toBe(403)
    expect((await call(route, 'orders', null)).status).toBe(401)
    expect(started.control.adminCalls).toEqual([])
  })
})

describe.each(operatorRoutes)('$method $path', (route) => {
  it('is closed to tenants and to nobody', async () => {
    expect((await call(route, 'orders', apiKey)).status).toBe(403)
    expect((await call(route, 'orders', null)).status).toBe(401)
    expect(started.control.adminCalls).toEqual([])
  })
})

describe('a list', () => {
  it('holds nothing of others', async () => {
    const response = await started.request('/v1/topics', { key: strangerKey })
    expect(await response.json()).toEqual({ topics: [], nextCursor: null })
    const own = (await (await started.request('/v1/topics')).json()) as { topics: unknown[] }
    expect(own.topics).toHaveLength(1)
  })
})

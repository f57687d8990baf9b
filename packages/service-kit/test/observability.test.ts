import { BusError } from '@courant/kernel'
import { afterEach, describe, expect, it } from 'vitest'
import { type AdminServer, startAdminServer } from '../src/admin-server.ts'
import { Health } from '../src/health.ts'
import { createLogger } from '../src/logger.ts'
import { Metrics } from '../src/metrics.ts'

describe('metrics', () => {
  it('count what lies beyond the bound of a label as other', async () => {
    const metrics = new Metrics()
    const family = metrics.counter({
      name: 'courant_things_total',
      help: 'Things.',
      labels: { tenant: 2 },
    })
    for (const tenant of ['a', 'b', 'c', 'd', 'a']) family.with({ tenant }).inc()
    const text = await metrics.text()
    expect(text).toContain('courant_things_total{tenant="a"} 2')
    expect(text).toContain('courant_things_total{tenant="b"} 1')
    expect(text).toContain('courant_things_total{tenant="other"} 2')
    expect(text).not.toContain('tenant="c"')
  })

  it('read observed values only when asked, and refuse names that are not ours', async () => {
    const metrics = new Metrics()
    let reads = 0
    metrics.observe({ name: 'courant_queue_bytes', help: 'Queue.' }, () => {
      reads += 1
      return 7
    })
    expect(reads).toBe(0)
    expect(await metrics.text()).toContain('courant_queue_bytes 7')
    expect(() => metrics.gauge({ name: 'queue_bytes', help: '' })).toThrow('not ours')
  })
})

describe('the log', () => {
  it('is one JSON object a line, whatever a caller puts into a name', () => {
    const lines: string[] = []
    const log = createLogger({
      name: 'test',
      level: 'info',
      destination: { write: (line) => lines.push(line) },
    })
    log.info({ topic: 'a\n{"level":60}\u001b[2J' }, 'seen')
    expect(lines).toHaveLength(1)
    expect(lines[0]?.match(/\n/g)).toHaveLength(1)
    expect(lines[0]).not.toContain('\u001b')
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ name: 'test', msg: 'seen' })
  })

  it('holds the inner facts of an error and no credential', () => {
    const lines: string[] = []
    const log = createLogger({
      name: 'test',
      level: 'info',
      destination: { write: (line) => lines.push(line) },
    })
    const error = new BusError('INTERNAL', 'Something.', {
      internal: { broker: 3 },
      cause: new Error('deep'),
    })
    log.error({ err: error, headers: { authorization: 'Bearer crt_secret' } }, 'failed')
    expect(lines[0]).toContain('"broker":3')
    expect(lines[0]).toContain('deep')
    expect(lines[0]).not.toContain('crt_secret')
  })

  it('tells of a foreign error what went wrong, and nothing that hangs on it', () => {
    const lines: string[] = []
    const log = createLogger({
      name: 'test',
      level: 'info',
      destination: { write: (line) => lines.push(line) },
    })
    const client = { connection: { password: 'crt_secret' } }
    log.error({ err: Object.assign(new Error('broke'), { code: '57P01', client }) }, 'failed')
    expect(lines[0]).toContain('broke')
    expect(lines[0]).toContain('57P01')
    expect(lines[0]).not.toContain('crt_secret')
  })
})

describe('the administrative port', () => {
  let server: AdminServer | null = null
  afterEach(() => server?.stop())

  async function start(): Promise<{ health: Health; get: (path: string) => Promise<Response> }> {
    const health = new Health()
    const metrics = new Metrics()
    metrics.observe({ name: 'courant_one', help: 'One.' }, () => 1)
    server = await startAdminServer({ host: '127.0.0.1', port: 0 }, { health, metrics })
    const base = `http://127.0.0.1:${server.address.port}`
    return { health, get: (path) => fetch(`${base}${path}`) }
  }

  it('is ready when every check is, and says what is missing otherwise', async () => {
    const { health, get } = await start()
    health.add('database', () => null)
    expect((await get('/readyz')).status).toBe(200)
    health.add('feed', () => 'No metadata yet.')
    const unready = await get('/readyz')
    expect(unready.status).toBe(503)
    expect(await unready.json()).toEqual({
      status: 'not ready',
      checks: { database: 'ok', feed: 'No metadata yet.' },
    })
  })

  it('stays alive, but not ready, while it drains', async () => {
    const { health, get } = await start()
    health.drain()
    expect((await get('/livez')).status).toBe(200)
    expect((await get('/readyz')).status).toBe(503)
  })

  it('serves the metrics and nothing else', async () => {
    const { get } = await start()
    expect(await (await get('/metrics')).text()).toContain('courant_one 1')
    expect((await get('/')).status).toBe(404)
    expect((await get('/../etc/passwd')).status).toBe(404)
  })
})

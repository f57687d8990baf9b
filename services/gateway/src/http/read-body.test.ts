/** Goal: a body that does not come is not waited for, and leaves nothing behind. */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { BusError, type Clock, limits, type Timer } from '@courant/kernel'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { BufferPool } from '../fetch/buffer-pool.ts'
import { BodyDeadlines } from './body-deadlines.ts'
import { readBody } from './read-body.ts'

/** Time that passes when the test says so. */
class ManualClock implements Clock {
  readonly pending = new Map<() => void, number>()
  #ms = 0
  now = (): number => this.#ms
  monotonicMs = (): number => this.#ms

  setTimer(delayMs: number, fire: () => void): Timer {
    this.pending.set(fire, this.#ms + delayMs)
    return { cancel: () => this.pending.delete(fire) }
  }

  pass(ms: number): void {
    this.#ms += ms
    for (const [fire, dueMs] of this.pending) {
      if (dueMs > this.#ms) continue
      this.pending.delete(fire)
      fire()
    }
  }
}

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

/** Sends what `send` writes, and resolves with what became of the reading. */
async function reading(clock: Clock, send: (body: ReturnType<typeof request>) => void) {
  const outcome = Promise.withResolvers<Buffer | BusError>()
  const deadlines = new BodyDeadlines(clock)
  const server = createServer((incoming: IncomingMessage, answer: ServerResponse) => {
    readBody(incoming, 1_000, { deadlines, buffers: new BufferPool() })
      .then(outcome.resolve, (error: unknown) => outcome.resolve(BusError.from(error)))
      .finally(() => answer.end())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const client = request({ port, host: '127.0.0.1', method: 'POST' })
  client.on('error', () => {})
  closers.push(() => {
    client.destroy()
    server.close()
    server.closeAllConnections()
  })
  send(client)
  return outcome.promise
}

/** The one timer of all bodies lapses when none is being read. */
function expectNothingLeft(clock: ManualClock): void {
  clock.pass(1_000)
  expect(clock.pending.size).toBe(0)
}

describe('a body', () => {
  it('that does not end in time is REQUEST_TIMEOUT', async () => {
    const clock = new ManualClock()
    const outcome = reading(clock, (client) => client.write('{"records":'))
    await vi.waitUntil(() => clock.pending.size > 0)
    clock.pass(limits.bodyMsMax - 1)
    expect(clock.pending.size).toBe(1)
    clock.pass(1_000)
    expect(await outcome).toMatchObject({ code: 'REQUEST_TIMEOUT' })
    expect(clock.pending.size).toBe(0)
  })

  it('that ends early, with its connection, is not waited for', async () => {
    const clock = new ManualClock()
    const outcome = reading(clock, (client) => {
      client.write('{"records":', () => client.destroy())
    })
    expect(await outcome).toMatchObject({ code: 'REQUEST_TIMEOUT' })
    expectNothingLeft(clock)
  })

  it('is joined from its pieces', async () => {
    const clock = new ManualClock()
    const outcome = await reading(clock, (client) => {
      client.write('ab', () => client.end('cd'))
    })
    expect(String(outcome)).toBe('abcd')
    const known = await reading(clock, (client) => {
      client.setHeader('content-length', 6)
      client.write('ab', () => client.write('cd', () => client.end('ef')))
    })
    expect(String(known)).toBe('abcdef')
    expectNothingLeft(clock)
  })

  it('beyond the limit is refused before it has ended', async () => {
    const clock = new ManualClock()
    const outcome = await reading(clock, (client) => client.write('x'.repeat(1_001)))
    expect(outcome).toMatchObject({ code: 'PAYLOAD_TOO_LARGE' })
    expectNothingLeft(clock)
  })
})

/** Goal: a body that does not come is not waited for, and leaves nothing behind. */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { BusError, type Clock, limits, systemClock, type Timer } from '@courant/kernel'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { readBody } from './read-body.ts'

/** Timers that fire when the test says so. */
class ManualTimers implements Clock {
  readonly pending = new Map<() => void, number>()
  now = (): number => systemClock.now()
  monotonicMs = (): number => systemClock.monotonicMs()

  setTimer(delayMs: number, fire: () => void): Timer {
    this.pending.set(fire, delayMs)
    return { cancel: () => this.pending.delete(fire) }
  }
}

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

/** Sends what `send` writes, and resolves with what became of the reading. */
async function reading(clock: Clock, send: (body: ReturnType<typeof request>) => void) {
  const outcome = Promise.withResolvers<Buffer | BusError>()
  const server = createServer((incoming: IncomingMessage, answer: ServerResponse) => {
    readBody(incoming, 1_000, clock)
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

describe('a body', () => {
  it('that does not end in time is REQUEST_TIMEOUT', async () => {
    const clock = new ManualTimers()
    const outcome = reading(clock, (client) => client.write('{"records":'))
    await vi.waitUntil(() => clock.pending.size > 0)
    expect([...clock.pending.values()]).toEqual([limits.bodyMsMax])
    for (const fire of clock.pending.keys()) fire()
    expect(await outcome).toMatchObject({ code: 'REQUEST_TIMEOUT' })
  })

  it('that ends early, with its connection, is not waited for', async () => {
    const clock = new ManualTimers()
    const outcome = reading(clock, (client) => {
      client.write('{"records":', () => client.destroy())
    })
    expect(await outcome).toMatchObject({ code: 'REQUEST_TIMEOUT' })
    expect(clock.pending.size).toBe(0)
  })

  it('is joined from its pieces, and its timer is gone', async () => {
    const clock = new ManualTimers()
    const outcome = await reading(clock, (client) => {
      client.write('ab', () => client.end('cd'))
    })
    expect(String(outcome)).toBe('abcd')
    expect(clock.pending.size).toBe(0)
  })

  it('beyond the limit is refused before it has ended', async () => {
    const clock = new ManualTimers()
    const outcome = await reading(clock, (client) => client.write('x'.repeat(1_001)))
    expect(outcome).toMatchObject({ code: 'PAYLOAD_TOO_LARGE' })
    expect(clock.pending.size).toBe(0)
  })
})

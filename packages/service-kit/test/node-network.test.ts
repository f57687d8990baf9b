/** Goal: the Network port keeps its promises over real sockets. */
import type { Connection, ConnectionEvents, Listener } from '@courant/kernel'
import { afterEach, describe, expect, it } from 'vitest'
import { nodeNetwork } from '../src/node-network.ts'

const LOOPBACK = { host: '127.0.0.1', port: 0 }
const listeners: Listener[] = []

afterEach(async () => {
  for (const listener of listeners.splice(0)) await listener.close()
})

interface End {
  readonly connection: Connection
  readonly received: Buffer[]
  readonly drained: Promise<void>
  readonly closed: Promise<Error | null>
  closes(): number
  /** Resolves once this many bytes have arrived. */
  bytes(count: number): Promise<Buffer>
}

function end(connection: Connection): { events: ConnectionEvents; end: End } {
  const received: Buffer[] = []
  const closed = Promise.withResolvers<Error | null>()
  const drained = Promise.withResolvers<void>()
  let closes = 0
  let total = 0
  let waiting: { count: number; resolve: (bytes: Buffer) => void } | null = null
  const check = (): void => {
    if (waiting !== null && total >= waiting.count) waiting.resolve(Buffer.concat(received))
  }
  return {
    events: {
      onData(bytes) {
        received.push(bytes)
        total += bytes.length
        check()
      },
      onDrain: () => drained.resolve(),
      onClose(error) {
        closes += 1
        closed.resolve(error)
      },
    },
    end: {
      connection,
      received,
      closed: closed.promise,
      drained: drained.promise,
      closes: () => closes,
      bytes: (count) =>
        new Promise((resolve) => {
          waiting = { count, resolve }
          check()
        }),
    },
  }
}

async function pair(): Promise<{ client: End; server: End }> {
  const accepted = Promise.withResolvers<End>()
  const listener = await nodeNetwork.listen(LOOPBACK, (connection) => {
    const made = end(connection)
    accepted.resolve(made.end)
    return made.events
  })
  listeners.push(listener)
  const dialled = Promise.withResolvers<End>()
  nodeNetwork.connect(listener.address, (connection) => {
    const made = end(connection)
    dialled.resolve(made.end)
    return made.events
  })
  return { client: await dialled.promise, server: await accepted.promise }
}

describe('a connection', () => {
  it('delivers the bytes of both directions in order, however they were cut', async () => {
    const { client, server } = await pair()
    const small = Array.from({ length: 1000 }, (_, index) => Buffer.from(`${index};`))
    const large = Array.from({ length: 20 }, (_, index) => Buffer.alloc(100_000, index))
    const sent = Buffer.concat([...small, ...large])
    for (const chunk of small) client.connection.write([chunk])
    client.connection.write(large)
    expect((await server.bytes(sent.length)).equals(sent)).toBe(true)
    server.connection.write(large)
    server.connection.write(small)
    const back = Buffer.concat([...large, ...small])
    expect((await client.bytes(back.length)).equals(back)).toBe(true)
  })

  it('never overwrites a buffer that it has handed out', async () => {
    const { client, server } = await pair()
    const total = 8 * 1024 * 1024
    for (let sent = 0; sent < total; sent += 65_536) {
      server.connection.write([Buffer.alloc(65_536, sent / 65_536)])
    }
    const seen = await client.bytes(total)
    const expected = Buffer.concat(
      Array.from({ length: total / 65_536 }, (_, index) => Buffer.alloc(65_536, index)),
    )
    expect(seen.equals(expected)).toBe(true)
  })

  it('takes back what it has lent, and neither loses nor repeats a byte', async () => {
    const lent: Buffer[] = []
    const read: Buffer[] = []
    const { promise, resolve } = Promise.withResolvers<void>()
    const sent = Buffer.alloc(2 * 1024 * 1024, 'no two places alike: ')
    const listener = await nodeNetwork.listen(LOOPBACK, () => ({
      dataUse: 'borrowed',
      onData(bytes) {
        lent.push(bytes)
        read.push(Buffer.from(bytes))
        if (read.reduce((sum, { length }) => sum + length, 0) === sent.length) resolve()
      },
      onDrain() {},
      onClose() {},
    }))
    listeners.push(listener)
    const client = nodeNetwork.connect(listener.address, (connection) => end(connection).events)
    client.write([sent])
    await promise
    await new Promise((turn) => setImmediate(turn))
    expect(Buffer.concat(read).equals(sent)).toBe(true)
    expect(lent.every(({ length }) => length === 0)).toBe(true)
  })

  it('reads into the same memory again for a client that has only borrowed it', async () => {
    const memories = new Set<ArrayBufferLike>()
    const read: Buffer[] = []
    const { promise, resolve } = Promise.withResolvers<void>()
    const sent = Buffer.alloc(8 * 1024 * 1024, 'no two places alike: ')
    const listener = await nodeNetwork.listen(LOOPBACK, (connection) => {
      connection.write([sent])
      return end(connection).events
    })
    listeners.push(listener)
    nodeNetwork.connect(listener.address, () => ({
      dataUse: 'borrowed',
      onData(bytes) {
        memories.add(bytes.buffer)
        read.push(Buffer.from(bytes))
        if (read.reduce((sum, { length }) => sum + length, 0) === sent.length) resolve()
      },
      onDrain() {},
      onClose() {},
    }))
    await promise
    expect(Buffer.concat(read).equals(sent)).toBe(true)
    expect(memories.size).toBe(1)
  })

  it('says that chunks are sent only when nobody looks at them any more', async () => {
    const { client, server } = await pair()
    client.connection.pause()
    const chunks = Array.from({ length: 200 }, (_, index) => Buffer.alloc(50_000, index))
    const expected = Buffer.concat(chunks)
    let sent = 0
    const spoil = (spoiled: readonly Buffer[]) => () => {
      for (const chunk of spoiled) chunk.fill(0xdb)
      sent += spoiled.length
    }
    for (let at = 0; at < 100; at += 1) {
      const one = chunks.slice(at, at + 1)
      server.connection.write(one, spoil(one))
    }
    await new Promise((resolve) => setImmediate(resolve))
    const rest = chunks.slice(100)
    server.connection.write(rest, spoil(rest))
    expect(sent).toBeLessThan(200)
    client.connection.resume()
    expect((await client.bytes(expected.length)).equals(expected)).toBe(true)
    await expect.poll(() => sent).toBe(200)
  })

  it('never says that chunks are sent which a lost connection still holds', async () => {
    const { client, server } = await pair()
    client.connection.pause()
    let sent = 0
    server.connection.write([Buffer.alloc(32 * 1024 * 1024)], () => {
      sent += 1
    })
    await new Promise((resolve) => setImmediate(resolve))
    server.connection.destroy()
    await server.closed
    expect(sent).toBe(0)
    client.connection.destroy()
  })

  it('says stop when the peer does not read, and drains when it does', async () => {
    const { client, server } = await pair()
    server.connection.pause()
    const chunk = Buffer.alloc(1024 * 1024)
    let sent = 0
    while (client.connection.write([chunk]) || sent < 64) sent += 1
    let hasDrained = false
    void client.drained.then(() => {
      hasDrained = true
    })
    client.connection.write([Buffer.from('last')])
    await new Promise((resolve) => setImmediate(resolve))
    expect(hasDrained).toBe(false)
    server.connection.resume()
    await client.drained
  })

  it('sends what is queued before an end, and closes once on both sides', async () => {
    const { client, server } = await pair()
    client.connection.write([Buffer.from('bye')])
    client.connection.end()
    expect(await server.closed).toBeNull()
    expect(Buffer.concat(server.received).toString()).toBe('bye')
    expect(await client.closed).toBeNull()
    client.connection.destroy()
    expect(client.connection.write([Buffer.from('late')])).toBe(true)
    expect([client.closes(), server.closes()]).toEqual([1, 1])
  })

  it('that is destroyed sees no more data', async () => {
    const { client, server } = await pair()
    server.connection.write([Buffer.from('x')])
    client.connection.destroy()
    await client.closed
    expect(client.received).toEqual([])
    await server.closed
  })

  it('to nobody closes once with the error', async () => {
    const listener = await nodeNetwork.listen(LOOPBACK, (connection) => end(connection).events)
    await listener.close()
    const error = await new Promise<Error | null>((resolve) => {
      nodeNetwork.connect(listener.address, () => ({
        onData() {},
        onDrain() {},
        onClose: resolve,
      }))
    })
    expect(error).toMatchObject({ code: 'ECONNREFUSED' })
  })
})

describe('a listener', () => {
  it('leaves open connections alone when it closes', async () => {
    const { client, server } = await pair()
    await listeners[0]?.close()
    client.connection.write([Buffer.from('still here')])
    expect((await server.bytes(10)).toString()).toBe('still here')
    client.connection.destroy()
  })

  it('refuses an address that is taken', async () => {
    const first = await nodeNetwork.listen(LOOPBACK, (connection) => end(connection).events)
    listeners.push(first)
    await expect(
      nodeNetwork.listen(first.address, (connection) => end(connection).events),
    ).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })
})

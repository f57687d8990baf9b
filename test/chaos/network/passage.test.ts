/** Goal: a proxy loses nothing of a connection that it holds, and a reset ends both of its ends. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Passage, type PassageState } from './passage.ts'

const OPEN: PassageState = { out: 'open', back: 'open', outDelayMs: 0, backDelayMs: 0 }

let echo: Server
let proxy: Server
let state: PassageState
let passages: Passage[]
let client: Socket
let received: string

beforeEach(async () => {
  state = OPEN
  passages = []
  received = ''
  echo = createServer((socket) => {
    socket.on('error', () => {})
    socket.pipe(socket)
  }).listen(0, '127.0.0.1')
  await once(echo, 'listening')
  const { port } = echo.address() as AddressInfo
  proxy = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    passages.push(new Passage(socket, { host: '127.0.0.1', port }, () => state))
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
})

afterEach(() => {
  client.destroy()
  for (const passage of passages) passage.reset()
  echo.close()
  proxy.close()
})

async function open(): Promise<void> {
  client = connect((proxy.address() as AddressInfo).port, '127.0.0.1')
  client.setEncoding('utf8')
  client.on('data', (text: string) => {
    received += text
  })
  client.on('error', () => {})
  await once(client, 'connect')
}

function set(next: Partial<PassageState>): void {
  state = { ...state, ...next }
  for (const passage of passages) passage.update()
}

it('holds what goes one way, and delivers it in order when it has mended', async () => {
  await open()
  client.write('a')
  await expect.poll(() => received).toBe('a')
  set({ back: 'held' })
  client.write('b')
  client.write('c')
  // The echo of another connection, begun later, shows that time has passed for this one.
  const other = connect((echo.address() as AddressInfo).port, '127.0.0.1').end('x')
  await once(other, 'data')
  other.destroy()
  expect(received).toBe('a')
  set({ back: 'open' })
  await expect.poll(() => received).toBe('abc')
})

it('connects to nobody before both ways are open', async () => {
  let reached = 0
  echo.on('connection', () => {
    reached += 1
  })
  set({ out: 'held' })
  await open()
  client.write('a')
  await expect.poll(() => passages.length).toBe(1)
  expect(reached).toBe(0)
  set({ out: 'open' })
  await expect.poll(() => received).toBe('a')
})

it('delivers late, in order, what is slow', async () => {
  set({ outDelayMs: 20, backDelayMs: 20 })
  await open()
  for (const letter of ['a', 'b', 'c']) client.write(letter)
  await expect.poll(() => received).toBe('abc')
})

it('resets both ends', async () => {
  await open()
  client.write('a')
  await expect.poll(() => received).toBe('a')
  const closed = new Promise((resolve) => client.once('close', resolve))
  passages[0]?.reset()
  await closed
})

import { expect, test } from 'vitest'
import { CourantError } from '../courant-error.ts'
import { type Result, TopicQueue } from './topic-queue.ts'

/** A server that answers when it is told to. */
function heldServer() {
  const requests: { readonly records: readonly string[]; answer(results?: Result[]): void }[] = []
  let offset = 0
  const queue = new TopicQueue((records) => {
    const { promise, resolve } = Promise.withResolvers<readonly Result[]>()
    const written = () => records.map(() => ({ partition: 0, offset: offset++, timestamp: 1 }))
    requests.push({ records, answer: (results) => resolve(results ?? written()) })
    return promise
  })
  const send = (...records: string[]) =>
    new Promise<readonly Result[]>((finish) => queue.add({ records, finish }))
  const nextRequest = async (index: number) => {
    await expect.poll(() => requests[index], { interval: 1 }).toBeDefined()
    const request = requests[index]
    if (request === undefined) throw new Error('unreachable')
    return request
  }
  return { send, requests, nextRequest }
}

test('what comes while a request is under way goes together in the next one, in order', async () => {
  const { send, requests, nextRequest } = heldServer()
  const first = send('a')
  const request = await nextRequest(0)
  const others = [send('b', 'c'), send('d')]
  expect(requests).toHaveLength(1)
  request.answer()
  const second = await nextRequest(1)
  expect(second.records).toEqual(['b', 'c', 'd'])
  second.answer()
  expect(await first).toMatchObject([{ offset: 0 }])
  expect(await Promise.all(others)).toMatchObject([[{ offset: 1 }, { offset: 2 }], [{ offset: 3 }]])
})

test('calls of one turn of the event loop share a request', async () => {
  const { send, nextRequest } = heldServer()
  void send('a')
  void send('b')
  expect((await nextRequest(0)).records).toEqual(['a', 'b'])
})

test('a call with more records than a request takes is cut, and nothing is tried behind a failure', async () => {
  const { send, requests, nextRequest } = heldServer()
  const large = 'x'.repeat(700_000)
  const sent = send(large, large, large)
  const first = await nextRequest(0)
  expect(first.records).toHaveLength(1)
  first.answer()
  const lost = new CourantError({
    code: 'CONNECTION_LOST',
    detail: 'gone',
    retriable: true,
    applied: 'unknown',
  })
  ;(await nextRequest(1)).answer([lost])
  const results = await sent
  expect(results).toMatchObject([{ offset: 0 }, { applied: 'unknown' }, { applied: 'no' }])
  expect(requests).toHaveLength(2)
})

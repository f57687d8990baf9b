/**
 * Goal: whatever happens to the feed, the copy ends up as the control plane's, or stays as it was;
 * it never goes back. Method: a feed on a real socket that answers each watch by a script.
 */
import { streamHandler } from '@courant/api'
import {
  MetadataServiceService,
  type WatchMetadataRequest,
  type WatchMetadataResponse,
} from '@courant/api/internal/v1/metadata'
import { type Address, systemClock, systemRandom } from '@courant/kernel'
import { Server, ServerCredentials } from '@grpc/grpc-js'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { MetadataCopy } from '../src/metadata-copy.ts'
import { MetadataWatcher, type WatchEvent } from '../src/metadata-watcher.ts'
import { brokerRow, tenantRow } from './rows.ts'

type Event = WatchMetadataResponse['event']
/** Answers one watch. Without an `end` the stream stays open. */
type Watch = () => readonly (Event | 'end')[]

const stops: (() => void | Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

interface Feed {
  readonly address: Address
  readonly requests: WatchMetadataRequest[]
}

/** The last script serves all further watches. */
async function startFeed(scripts: readonly Watch[], cluster = CLUSTER): Promise<Feed> {
  const requests: WatchMetadataRequest[] = []
  const server = new Server()
  server.addService(MetadataServiceService, {
    watchMetadata: streamHandler(async function* (request: WatchMetadataRequest, { signal }) {
      const script = scripts[Math.min(requests.length, scripts.length - 1)]
      requests.push(request)
      for (const event of script?.() ?? []) {
        if (event === 'end') return
        yield { ...cluster, event }
      }
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
    }, ignore),
    lookupTopic: (_call: unknown, answer: (error: null) => void) => answer(null),
    lookupApiKey: (_call: unknown, answer: (error: null) => void) => answer(null),
  })
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    )
  })
  stops.push(() => server.forceShutdown())
  return { address: { host: '127.0.0.1', port }, requests }
}

const CLUSTER = { clusterId: 'c', clusterIncarnation: 1 }

function ignore(): void {
  // The watcher is told; a test has no log.
}

function watch(...addresses: Address[]) {
  const events: WatchEvent[] = []
  const watcher = new MetadataWatcher({
    addresses,
    audience: 'gateway',
    clock: systemClock,
    random: systemRandom,
    onEvent: (event) => events.push(event),
  })
  watcher.start()
  stops.push(() => watcher.stop())
  return { copy: watcher.copy, watcher, events }
}

function until(condition: () => boolean) {
  return vi.waitUntil(condition, { timeout: 20_000, interval: 2 })
}

function snapshot(version: number, ...entries: ReturnType<typeof brokerRow>[]): Event {
  return { $case: 'snapshot', value: { version, entries, last: true } }
}

function changes(version: number, ...entries: ReturnType<typeof brokerRow>[]): Event {
  return { $case: 'changes', value: { version, entries } }
}

describe('a watcher', () => {
  it('takes a snapshot in parts, which is not seen before its last', async () => {
    const parts: Event[] = [
      { $case: 'snapshot', value: { version: 3, entries: [tenantRow(1, 'a')], last: false } },
      { $case: 'snapshot', value: { version: 3, entries: [brokerRow(3, 7)], last: true } },
    ]
    const { copy } = watch((await startFeed([() => parts])).address)
    const seen: number[] = []
    copy.onChange((_, version) => seen.push(version))
    await until(() => copy.version === 3)
    expect(copy.brokers()).toHaveLength(1)
    expect(seen).toEqual([3])
  })

  it('goes on from its version after the stream broke', async () => {
    const feed = await startFeed([
      () => [snapshot(3, brokerRow(3, 1)), 'end'],
      () => [changes(4, brokerRow(4, 2))],
    ])
    const { copy, watcher } = watch(feed.address)
    await until(() => copy.version === 4)
    expect(copy.brokers()).toHaveLength(2)
    expect(watcher.connected).toBe(true)
    expect(feed.requests[1]).toMatchObject({ sinceVersion: 3, ...CLUSTER })
  })

  it('asks for everything once its copy differs from the original', async () => {
    const good = new MetadataCopy(systemClock)
    good.applyChanges({ version: 3, entries: [brokerRow(3, 1), brokerRow(2, 2)] })
    const feed = await startFeed([
      () => [
        snapshot(3, brokerRow(3, 1)),
        { $case: 'digest', value: { version: 3, sum: good.digest } },
      ],
      () => [
        snapshot(3, brokerRow(3, 1), brokerRow(2, 2)),
        { $case: 'digest', value: { version: 3, sum: good.digest } },
      ],
    ])
    const { copy, events } = watch(feed.address)
    await until(() => copy.brokers().length === 2)
    expect(events.map(({ kind }) => kind)).toContain('digestMismatch')
    expect(feed.requests[1]?.sinceVersion).toBe(0)
    expect(copy.digest).toBe(good.digest)
  })

  it('refuses a control plane that went back in time, and serves what it has', async () => {
    const events: WatchEvent[] = []
    const old = await startFeed([() => [snapshot(4, brokerRow(4, 2))]])
    const watcher = new MetadataWatcher({
      addresses: [old.address],
      audience: 'gateway',
      clock: systemClock,
      random: systemRandom,
      onEvent: (event) => events.push(event),
    })
    watcher.copy.replace([brokerRow(5, 1)], 5, CLUSTER)
    watcher.start()
    stops.push(() => watcher.stop())
    await until(() => events.some(({ kind }) => kind === 'rollback'))
    expect([watcher.copy.version, watcher.copy.brokers()[0]?.brokerId]).toEqual([5, 1])
  })

  it('refuses another cluster, and follows a new incarnation of its own from a snapshot', async () => {
    const stranger = await startFeed([() => [snapshot(9, brokerRow(9, 9))]], {
      clusterId: 'other',
      clusterIncarnation: 1,
    })
    const reborn = await startFeed([() => [snapshot(2, brokerRow(2, 2))]], {
      clusterId: 'c',
      clusterIncarnation: 2,
    })
    const watcher = new MetadataWatcher({
      addresses: [stranger.address, reborn.address],
      audience: 'broker',
      clock: systemClock,
      random: systemRandom,
    })
    watcher.copy.replace([brokerRow(5, 1)], 5, CLUSTER)
    watcher.start()
    stops.push(() => watcher.stop())
    await until(() => watcher.copy.cluster?.clusterIncarnation === 2)
    expect(watcher.copy.brokers().map(({ brokerId }) => brokerId)).toEqual([2])
    expect(stranger.requests.length).toBeGreaterThan(0)
  })

  it('finds the address that serves, and says meanwhile that it is not connected', async () => {
    const feed = await startFeed([() => [snapshot(3, brokerRow(3, 1))]])
    const { copy, watcher, events } = watch({ host: '127.0.0.1', port: 1 }, feed.address)
    expect(watcher.connected).toBe(false)
    expect(await copy.atLeast(3, 20_000)).toBe(true)
    expect(watcher.connected).toBe(true)
    expect(events[0]?.kind).toBe('disconnected')
    expect(await copy.atLeast(4, 1)).toBe(false)
  })
})

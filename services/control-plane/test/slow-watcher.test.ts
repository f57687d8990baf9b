/** Goal: a watcher whose socket takes nothing costs no memory and holds up nobody. */
import { streamHandler } from '@courant/api'
import {
  Audience,
  MetadataServiceClient,
  MetadataServiceService,
  type WatchMetadataResponse,
} from '@courant/api/internal/v1/metadata'
import { credentials, Server, ServerCredentials } from '@grpc/grpc-js'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { cleanUp, databases, newBroker, onCleanUp, start, until } from './fixture.ts'
import { StallingProxy } from './stalling-proxy.ts'

afterEach(cleanUp)
afterAll(() => databases.close())

/** Looks in a row that find nothing new: whoever would go on, had gone on. */
const LOOKS = 30
/** What streams and the window of HTTP/2 hold is some 16 messages. */
const MESSAGES_MAX = 64

describe('a watch whose socket is slow', () => {
  it('is asked for nothing more, until the socket has taken what there was', async () => {
    let asked = 0
    async function* endless(): AsyncGenerator<WatchMetadataResponse> {
      for (;;) {
        asked += 1
        yield { clusterId: 'x'.repeat(20_000), clusterIncarnation: 1, event: undefined }
      }
    }
    const server = new Server()
    server.addService(MetadataServiceService, {
      watchMetadata: streamHandler(endless, () => {}),
      lookupTopic: () => {},
      lookupApiKey: () => {},
    })
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      )
    })
    onCleanUp(async () => server.forceShutdown())
    const proxy = await StallingProxy.start({ host: '127.0.0.1', port })
    onCleanUp(() => proxy.stop())
    const target = `127.0.0.1:${proxy.address.port}`
    const client = new MetadataServiceClient(target, credentials.createInsecure())
    onCleanUp(async () => client.close())
    const stream = client.watchMetadata({
      audience: Audience.AUDIENCE_GATEWAY,
      sinceVersion: 0,
      clusterId: '',
      clusterIncarnation: 0,
    })
    stream.on('error', () => {})
    stream.once('data', () => proxy.stall())
    let [last, looks] = [-1, 0]
    await until(() => {
      looks = last === asked ? looks + 1 : 0
      last = asked
      return asked > 0 && looks >= LOOKS
    })
    expect(asked).toBeLessThan(MESSAGES_MAX)
    proxy.goOn()
    await until(() => asked > 4 * MESSAGES_MAX)
    stream.cancel()
  })

  it('ends up with what the tables say, and others do not wait for it', async () => {
    const running = await start(await databases.create())
    await running.activeBroker(newBroker(1))
    const { tenant, metadataVersion } = await running.createTenant('acme')
    const proxy = await StallingProxy.start(running.controlPlane.address)
    onCleanUp(() => proxy.stop())
    const [slow, fast] = [
      await running.watch(metadataVersion, 'gateway', proxy.address),
      await running.watch(metadataVersion),
    ]
    proxy.stall()
    const topic = { tenantId: tenant?.tenantId ?? '', partitionCount: 1_000 }
    let version = 0
    for (const name of ['a', 'b', 'c']) {
      version = (await running.createTopic({ ...topic, name })).metadataVersion
    }
    expect(await fast.copy.atLeast(version, 20_000)).toBe(true)
    expect(slow.copy.version).toBe(metadataVersion)
    proxy.goOn()
    expect(await slow.copy.atLeast(version, 20_000)).toBe(true)
    expect(slow.copy.digest).toBe(fast.copy.digest)
  })
})

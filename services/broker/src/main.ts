// Before the first use of the thread pool: its four threads would let checkpoints hold up the ring.
process.env['UV_THREADPOOL_SIZE'] ??= '16'

const { runService } = await import('@courant/service-kit')
const { startBroker } = await import('./broker.ts')
const { brokerSettings } = await import('./settings.ts')

await runService({ name: 'broker', settings: brokerSettings, start: startBroker })

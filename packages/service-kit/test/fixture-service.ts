/** A process for the tests of `runService`; its behaviour is chosen by FIXTURE_MODE. */
import { createServer } from 'node:net'
import { commonSettings } from '../src/config/common-settings.ts'
import { choice } from '../src/config/kind.ts'
import { withDefault } from '../src/config/setting.ts'
import { runService } from '../src/run-service.ts'

await runService({
  name: 'fixture',
  settings: {
    ...commonSettings(0),
    mode: withDefault(
      'FIXTURE_MODE',
      choice(['good', 'stuck', 'reject', 'wait']),
      'good',
      'Which way.',
    ),
  },
  async start(config, { log }, stopping) {
    if (config.mode === 'wait') {
      await new Promise((_, reject) => {
        stopping.addEventListener('abort', () => reject(new Error('gave up')))
        log.info('waiting for somebody')
      })
    }
    const server = createServer()
    server.listen(0, '127.0.0.1')
    if (config.mode === 'reject') void Promise.reject(new Error('nobody caught this'))
    return {
      stop: () =>
        config.mode === 'stuck'
          ? new Promise<void>(() => {})
          : new Promise<void>((resolve) => server.close(() => resolve())),
    }
  },
})

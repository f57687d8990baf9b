import '@courant/service-kit/thread-pool'
import { runService } from '@courant/service-kit'
import { startBroker } from './broker.ts'
import { brokerSettings } from './settings.ts'

await runService({ name: 'broker', settings: brokerSettings, start: startBroker })

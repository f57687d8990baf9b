import { runService } from '@courant/service-kit'
import { startGateway } from './gateway.ts'
import { gatewaySettings } from './settings.ts'

await runService({ name: 'gateway', settings: gatewaySettings, start: startGateway })

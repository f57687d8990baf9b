import { runService } from '@courant/service-kit'
import { startControlPlane } from './control-plane.ts'
import { controlPlaneSettings } from './settings.ts'

await runService({
  name: 'control-plane',
  settings: controlPlaneSettings,
  start: startControlPlane,
})

export { type ControlPlane, startControlPlane } from './control-plane.ts'
export { type ControlPlaneConfig, controlPlaneSettings } from './settings.ts'

export { type AdminServer, type AdminServerParts, startAdminServer } from './admin-server.ts'
export { commonSettings, LOG_LEVELS, type LogLevel } from './config/common-settings.ts'
export {
  address,
  addresses,
  choice,
  integer,
  type Kind,
  kind,
  origins,
  port,
  portOrOff,
  secret,
  text,
  url,
} from './config/kind.ts'
export {
  ConfigurationError,
  readEnvironment,
  type SettingProblem,
} from './config/read-environment.ts'
export {
  type ConfigOf,
  optional,
  required,
  type Setting,
  withDefault,
} from './config/setting.ts'
export { settingsTable } from './config/settings-table.ts'
export { Health, type HealthCheck, type Readiness } from './health.ts'
export { createLogger, type Logger, type LoggerOptions } from './logger.ts'
export {
  type Counter,
  type Family,
  type Gauge,
  type Histogram,
  LATENCY_BUCKETS,
  type LabelLimits,
  type MetricOptions,
  Metrics,
} from './metrics.ts'
export { nodeNetwork } from './node-network.ts'
export { type RunningService, runService, type ServiceDefinition } from './run-service.ts'
export { type ServicePorts, systemPorts } from './service-ports.ts'

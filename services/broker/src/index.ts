export { type Broker, startBroker } from './broker.ts'
export { type BrokerConfig, brokerSettings } from './settings.ts'

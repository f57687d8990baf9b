export { type Broker, startBroker, startBrokerOn } from './broker.ts'
export { type BrokerConfig, brokerSettings } from './settings.ts'

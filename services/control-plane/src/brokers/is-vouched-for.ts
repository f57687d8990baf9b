import type { BrokerRow } from '../schema/broker.ts'

/** Whether the registered process has on its disk all that its broker is counted on for. Pure. */
export function isVouchedFor({ brokerEpoch, vouchedEpochs }: BrokerRow): boolean {
  return vouchedEpochs.includes(brokerEpoch)
}

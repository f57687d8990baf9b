/** What a broker knows of itself, without the control plane. */
export interface BrokerStanding {
  readonly brokerId: number
  /** In which its directory was last written. */
  readonly brokerEpoch: number
  readonly directoryId: string
  readonly host: string
  readonly port: number
  readonly rack: string
  /** It has a session in that epoch, as far as it knows. */
  readonly isServing: boolean
  /** Nothing that it acknowledged is missing from its directory. */
  readonly isIntact: boolean
}

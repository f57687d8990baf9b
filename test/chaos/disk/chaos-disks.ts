import type { ServicePlan } from '@courant/standalone'
import type { BrokerProgram } from '../cluster/broker-programs.ts'

/** The disks of the brokers, which can be filled. */
export interface ChaosDisks {
  /** How they are filled, for the report. */
  readonly means: string
  /** Has the broker's data lie on such a disk. */
  adapt(plan: ServicePlan): Promise<ServicePlan>
  /** Whether the disk of a broker that runs this program can be filled. */
  canFill(program: BrokerProgram): boolean
  /** Not one byte is left. */
  fill(brokerId: number): Promise<void>
  empty(brokerId: number): Promise<void>
  /** When no broker runs any more, and nobody wants to read its data. */
  close(): Promise<void>
}

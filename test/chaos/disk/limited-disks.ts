import { rm, writeFile } from 'node:fs/promises'
import type { ServicePlan } from '@courant/standalone'
import type { BrokerProgram } from '../cluster/broker-programs.ts'
import type { ChaosDisks } from './chaos-disks.ts'

/** Where nothing can be mounted: the disk that forgets is told to be full by a file beside it. */
export class LimitedDisks implements ChaosDisks {
  readonly means = 'full disks: a limit in the disk that forgets, since nothing can be mounted'
  readonly #marks = new Map<number, string>()

  async adapt(plan: ServicePlan): Promise<ServicePlan> {
    const directory = plan.env['COURANT_DATA_DIR']
    if (plan.role === 'broker' && directory !== undefined) {
      this.#marks.set(plan.id, fullMark(directory))
    }
    return plan
  }

  canFill(program: BrokerProgram): boolean {
    return program === 'on a disk that forgets'
  }

  async fill(brokerId: number): Promise<void> {
    await writeFile(this.#marks.get(brokerId) ?? '', '')
  }

  async empty(brokerId: number): Promise<void> {
    await rm(this.#marks.get(brokerId) ?? '', { force: true })
  }

  async close(): Promise<void> {}
}

/** The file that makes a disk full. */
export function fullMark(dataDirectory: string): string {
  return `${dataDirectory}.full`
}

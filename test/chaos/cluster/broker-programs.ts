import { join } from 'node:path'
import { SeededRandom } from '@courant/kernel'
import { nodeCommand, type ServicePlan } from '@courant/standalone'

/**
 * - `as shipped`: after kill -9 the page cache of the machine has all that was written.
 * - `on a disk that forgets`: after kill -9 all is gone that was not synced.
 */
export type BrokerProgram = 'as shipped' | 'on a disk that forgets'

const FORGETFUL = nodeCommand(join(import.meta.dirname, 'broker-main.ts'))

/** Chooses anew at each start of a broker, whatever ran on its data before. */
export class BrokerPrograms {
  readonly #seed: number
  readonly #forgetfulShare: number
  readonly #running = new Map<number, BrokerProgram>()

  /** So many of all starts, from 0 to 1, are on a disk that forgets. */
  constructor(seed: number, forgetfulShare: number) {
    this.#seed = seed
    this.#forgetfulShare = forgetfulShare
  }

  of(brokerId: number): BrokerProgram {
    return this.#running.get(brokerId) ?? 'as shipped'
  }

  adapt(plan: ServicePlan): ServicePlan {
    if (plan.role !== 'broker') return plan
    const random = new SeededRandom(this.#seed * 1_000 + plan.id)
    const choose = (): readonly string[] => {
      const isForgetful = random.next() < this.#forgetfulShare
      this.#running.set(plan.id, isForgetful ? 'on a disk that forgets' : 'as shipped')
      return isForgetful ? FORGETFUL : plan.command
    }
    return {
      ...plan,
      get command() {
        return choose()
      },
    }
  }
}

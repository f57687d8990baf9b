import type { Work } from '@courant/control-plane/model'
import { BusError, type SeededRandom } from '@courant/kernel'
import type { Controller } from '../control-plane/controller.ts'
import type { ControllerNode } from './controller-node.ts'
import type { Journal } from './journal.ts'

/** What an operator knows of what they have asked for. */
export type Outcome<Result> =
  | { readonly kind: 'done'; readonly result: Result }
  | { readonly kind: 'refused'; readonly error: BusError }

/** Longer than any step of a control plane that has died can still be on its way. */
const UNKNOWN_MS = 12_000
const AWAY_MS = 500
const AWAY: readonly string[] = ['CONTROL_PLANE_UNAVAILABLE', 'METADATA_ROLLBACK']

export interface OperatorParts {
  readonly controllers: readonly ControllerNode[]
  readonly random: SeededRandom
  readonly journal: Journal
}

/**
 * Whoever operates the cluster, through one of its control planes and thereby through all that is
 * wrong with the database. An operator who hears nothing, or that nobody knows, waits until what
 * was asked for can no longer happen, and asks again: an order that comes late would undo a later
 * one.
 */
export class Operator {
  readonly #parts: OperatorParts

  constructor(parts: OperatorParts) {
    this.#parts = parts
  }

  /** Until it is done or refused. `work` begins anew with each attempt. */
  async ask<Result>(work: (controller: Controller) => Work<Result>): Promise<Outcome<Result>> {
    while (true) {
      const controller = this.#pick()
      if (controller === null) {
        await this.#pause(AWAY_MS)
        continue
      }
      const answer = await this.#attempt(controller, work)
      if (answer === null) await this.#pause(UNKNOWN_MS)
      else if (answer.kind === 'done') return answer
      else if (answer.error.facts.applied === 'unknown') await this.#pause(UNKNOWN_MS)
      else if (AWAY.includes(answer.error.code)) await this.#pause(AWAY_MS)
      else return answer
    }
  }

  /** Null when the control plane has died meanwhile. */
  #attempt<Result>(
    controller: Controller,
    work: (controller: Controller) => Work<Result>,
  ): Promise<Outcome<Result> | null> {
    const { journal } = this.#parts
    return new Promise((resolve, reject) => {
      const { process } = controller
      process.onDeath(() => journal.later(0, () => resolve(null)))
      process.later(0, () => {
        controller.run(work(controller)).then(
          (result) => resolve({ kind: 'done', result }),
          (thrown: unknown) => {
            const error = BusError.from(thrown)
            if (error.code === 'INTERNAL') reject(thrown)
            else resolve({ kind: 'refused', error })
          },
        )
      })
    })
  }

  #pick(): Controller | null {
    const { controllers, random } = this.#parts
    const ready = controllers.flatMap(({ controller }) =>
      controller === null || controller.feed === null ? [] : [controller],
    )
    return ready[random.below(ready.length)] ?? null
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#parts.journal.later(ms, resolve))
  }
}

import { Controller } from '../control-plane/controller.ts'
import type { SimDatabase } from '../control-plane/sim-database.ts'
import type { Machine } from '../machine/machine.ts'
import type { Death } from '../machine/sim-process.ts'
import type { Calls } from '../network/calls.ts'
import type { Journal } from './journal.ts'

export interface ControllerNodeParts {
  readonly machine: Machine
  readonly database: SimDatabase
  readonly calls: Calls<Controller>
  readonly sessionTimeoutMs: number
  readonly journal: Journal
}

/** A control plane on a simulated machine, process after process. */
export class ControllerNode {
  readonly machine: Machine
  readonly #parts: ControllerNodeParts
  #controller: Controller | null = null

  constructor(parts: ControllerNodeParts) {
    this.machine = parts.machine
    this.#parts = parts
  }

  get isDown(): boolean {
    return this.machine.process === null
  }

  get controller(): Controller | null {
    return this.isDown ? null : this.#controller
  }

  start(): void {
    if (!this.isDown) return
    const { database, calls, sessionTimeoutMs, journal } = this.#parts
    const process = this.machine.boot()
    process.later(0, () => {
      this.#controller = new Controller({ process, database, sessionTimeoutMs })
      calls.serve(process, this.#controller)
      journal.tell(this.machine.host, () => 'begins')
    })
  }

  crash(how: Death): void {
    // Until the next process begins there is none to ask, though the machine runs again.
    this.#controller = null
    this.machine.crash(how)
  }
}

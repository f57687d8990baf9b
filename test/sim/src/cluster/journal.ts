import { createLogger, type Logger } from '@courant/service-kit'
import type { Scheduler } from '../machine/scheduler.ts'
import type { SimProcess } from '../machine/sim-process.ts'

/** What happens in a simulation, in words: printed with `--trace`, else never put into words. */
export class Journal {
  readonly #scheduler: Scheduler
  readonly #print: ((line: string) => void) | null

  constructor(scheduler: Scheduler, print: ((line: string) => void) | null) {
    this.#scheduler = scheduler
    this.#print = print
  }

  get isPrinted(): boolean {
    return this.#print !== null
  }

  tell(who: string, what: () => string): void {
    this.#print?.(`${this.#scheduler.nowMs.toFixed(3).padStart(11)} ${who.padEnd(12)} ${what()}`)
  }

  /** Something of the simulation itself, which no process does. */
  later(delayMs: number, callback: () => void): void {
    this.#scheduler.at(delayMs, null, callback)
  }

  loggerOf(process: SimProcess): Logger {
    if (!this.isPrinted) return SILENT
    const destination = {
      write: (line: string) => this.tell(process.host, () => shortened(line)),
    }
    return createLogger({ name: process.host, level: 'info', destination })
  }
}

const SILENT = createLogger({
  name: 'simulation',
  level: 'silent',
  destination: { write: () => undefined },
})

/** Without what every line has. */
function shortened(line: string): string {
  const { level: _level, time: _time, pid: _pid, name: _name, msg, ...facts } = JSON.parse(line)
  return `${msg} ${JSON.stringify(facts)}`
}

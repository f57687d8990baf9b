import { formatAmount, formatCount, formatElapsed } from '../output/format.ts'
import type { Terminal } from '../terminal.ts'

/** A person is told often, a log file now and then, and nobody within the first moment. */
const TERMINAL_EVERY_MS = 250
const FILE_EVERY_MS = 10_000
const FIRST_AFTER_MS = 1_000

/** How far a long input is, on the standard error. */
export class Progress {
  readonly #terminal: Terminal
  readonly #started = performance.now()
  readonly #everyMs: number
  #next: number
  #isShown = false

  constructor(terminal: Terminal) {
    this.#terminal = terminal
    this.#everyMs = terminal.isTerminal.stderr ? TERMINAL_EVERY_MS : FILE_EVERY_MS
    this.#next =
      this.#started + Math.max(FIRST_AFTER_MS, terminal.isTerminal.stderr ? 0 : FILE_EVERY_MS)
  }

  get elapsedMs(): number {
    return performance.now() - this.#started
  }

  /** Call it as often as you like. */
  show(written: number, failed: number): void {
    const now = performance.now()
    if (now < this.#next) return
    this.#next = now + this.#everyMs
    const rate = formatCount(Math.round(written / (this.elapsedMs / 1000)))
    const failures = failed === 0 ? '' : `, ${formatCount(failed)} failed`
    const text = `${formatAmount(written, 'record')} written${failures}, ${rate}/s, ${formatElapsed(this.elapsedMs)}`
    const { stderr, isTerminal } = this.#terminal
    if (!isTerminal.stderr) stderr.write(`${text}\n`)
    else {
      stderr.write(`\r\x1b[K${text}`)
      this.#isShown = true
    }
  }

  /** Takes the line off the terminal, before something else is written there. */
  clear(): void {
    if (this.#isShown) this.#terminal.stderr.write('\r\x1b[K')
    this.#isShown = false
  }
}

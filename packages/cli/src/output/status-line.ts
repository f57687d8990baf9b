import type { Terminal } from '../terminal.ts'

/** How far something is, on the standard error: a line of a terminal, or one at each change. */
export class StatusLine {
  readonly #terminal: Terminal
  #shown = ''

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  show(text: string): void {
    if (text === this.#shown) return
    this.#shown = text
    const { stderr, isTerminal } = this.#terminal
    stderr.write(isTerminal.stderr ? `\r\x1b[K${text}` : `${text}\n`)
  }

  /** Takes the line off the terminal, before something else is written there. */
  clear(): void {
    const { stderr, isTerminal } = this.#terminal
    if (this.#shown !== '' && isTerminal.stderr) stderr.write('\r\x1b[K')
    this.#shown = ''
  }
}

/**
 * Limit: group commit with nothing around it. Appends gather while the last cycle is on its way;
 * one write and one fdatasync of a recycled file, then all of them are released. The waiters are
 * the same as those of the engine's suite.
 */
import { type ClosedLoop, type LoopResult, runClosedLoop } from '../load/closed-loop.ts'
import { PositionedFile } from './positioned-file.ts'

const CYCLE_BYTES_MAX = 1 << 20

export interface GroupCommitLoop extends ClosedLoop {
  readonly path: string
  readonly ringBytes: number
  readonly appendBytes: number
}

let opened: { readonly path: string; readonly file: PositionedFile } | undefined

export async function run(options: GroupCommitLoop): Promise<LoopResult> {
  if (opened?.path !== options.path) {
    const file = new PositionedFile(options.path)
    file.fill(options.ringBytes)
    await file.sync()
    opened = { path: options.path, file }
  }
  const loop = new BareLoop(opened.file, options.ringBytes)
  const bytes = Buffer.alloc(options.appendBytes, 'x')
  return await runClosedLoop(options, () => loop.append(bytes))
}

interface Waiting {
  readonly bytes: Buffer
  readonly release: () => void
}

class BareLoop {
  readonly #file: PositionedFile
  readonly #ringBytes: number
  readonly #cycle = Buffer.alloc(CYCLE_BYTES_MAX)
  #queue: Waiting[] = []
  #position = 0
  #busy = false

  constructor(file: PositionedFile, ringBytes: number) {
    this.#file = file
    this.#ringBytes = ringBytes
  }

  append(bytes: Buffer): Promise<void> {
    return new Promise((release) => {
      this.#queue.push({ bytes, release })
      if (!this.#busy) {
        this.#busy = true
        // A tick later, so that all appends of this tick go together.
        setImmediate(() => void this.#drain())
      }
    })
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      const [appends, length] = this.#take()
      if (this.#position + length > this.#ringBytes) this.#position = 0
      await this.#file.write(this.#cycle.subarray(0, length), this.#position)
      await this.#file.sync()
      this.#position += length
      for (const { release } of appends) release()
      // The released waiters append again before the next cycle is cut.
      await null
    }
    this.#busy = false
  }

  #take(): [Waiting[], number] {
    let length = 0
    let count = 0
    for (const { bytes } of this.#queue) {
      if (length + bytes.length > this.#cycle.length) break
      bytes.copy(this.#cycle, length)
      length += bytes.length
      count++
    }
    const rest = this.#queue.slice(count)
    const taken = rest.length === 0 ? this.#queue : this.#queue.slice(0, count)
    this.#queue = rest
    return [taken, length]
  }
}

import type { Now } from '@courant/group'
import { BusError } from '@courant/kernel'
import type { Loaded } from './group-memory.ts'

/** One event of a group, applied with others in one transaction. */
export interface Step<Answer> {
  /** Makes the group if there is none. Otherwise GROUP_NOT_FOUND. */
  readonly makesGroup?: true
  /**
   * Applies it, or throws before it has changed anything. What it returns is asked for the answer
   * when the group has settled.
   */
  apply(loaded: Loaded, now: Now): () => Answer
}

export interface WaitingStep {
  readonly step: Step<unknown>
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: unknown) => void
}

/** The steps that are applied together: each is refused by itself, and all fail together. */
export class StepBatch {
  readonly #steps: readonly WaitingStep[]
  #applied: (readonly [of: WaitingStep, answer: () => unknown])[] = []
  #outcomes: (() => void)[] = []

  constructor(steps: readonly WaitingStep[]) {
    this.#steps = steps
  }

  get makesGroup(): boolean {
    return this.#steps.some(({ step }) => step.makesGroup)
  }

  /** Answers whether any was not refused. */
  apply(loaded: Loaded, now: Now): boolean {
    for (const waiting of this.#steps) {
      const outcome = attempt(() => waiting.step.apply(loaded, now))
      if (outcome.isAnswer) this.#applied.push([waiting, outcome.answer])
      else waiting.reject(outcome.error)
    }
    return this.#applied.length > 0
  }

  /** Of the settled group; nobody hears them before `answer`. */
  takeAnswers(): void {
    this.#outcomes = this.#applied.map(([{ resolve, reject }, answer]) => {
      // A poll may be over by another one of the batch.
      const outcome = attempt(answer)
      return outcome.isAnswer ? () => resolve(outcome.answer) : () => reject(outcome.error)
    })
  }

  answer(): void {
    for (const outcome of this.#outcomes) outcome()
  }

  reject(error: unknown): void {
    for (const { reject } of this.#steps) reject(error)
  }
}

type Outcome<Answer> =
  | { readonly isAnswer: true; readonly answer: Answer }
  | { readonly isAnswer: false; readonly error: BusError }

function attempt<Answer>(act: () => Answer): Outcome<Answer> {
  try {
    return { isAnswer: true, answer: act() }
  } catch (error) {
    if (!(error instanceof BusError)) throw error
    return { isAnswer: false, error }
  }
}

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Child, type ChildOptions } from './child.ts'
import { Cleanup } from './cleanup.ts'
import type { Figure } from './figure.ts'
import type { Plan } from './interleave.ts'
import type { Core } from './pinning.ts'
import { type Remote, startWorker, type WorkerModule } from './worker.ts'

/** A row of the table in README.md, or several that are measured together. */
export interface Suite {
  readonly name: string
  /** Yields each figure as soon as it is known, for a full run takes minutes. */
  run(bench: Bench): AsyncIterable<Figure>
}

/** What a suite works with. All that it starts or creates is gone when the suite ends. */
export class Bench {
  readonly plan: Plan
  readonly cleanup = new Cleanup()

  constructor(plan: Plan) {
    this.plan = plan
  }

  /** Starts a module of ours in a process of its own, pinned. */
  worker<M extends WorkerModule<M>>(core: Core, module: URL): Remote<M> {
    return startWorker<M>(core, module, this.cleanup)
  }

  /** Starts a foreign program or one of our services, pinned. */
  child(options: ChildOptions): Child {
    return new Child(options, this.cleanup)
  }

  /** A new directory on the disk under test; `BENCH_DIR` moves it to another disk. */
  async directory(): Promise<string> {
    const parent = process.env['BENCH_DIR'] ?? tmpdir()
    const path = await mkdtemp(join(parent, 'courant-bench-'))
    // Again, for a database that is still ending may put a file where one was just removed.
    this.cleanup.add(() => rm(path, { recursive: true, force: true, maxRetries: 20 }))
    return path
  }

  /** An amount of data or of things, smaller in a quick run, never below `least`. */
  scaled(amount: number, least = 1): number {
    return Math.max(least, Math.round(amount * this.plan.scale))
  }
}

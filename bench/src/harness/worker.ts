import { fileURLToPath } from 'node:url'
import { Child } from './child.ts'
import type { Cleanup } from './cleanup.ts'
import type { Core } from './pinning.ts'
import { profiling } from './profiling.ts'

/** What a worker module exports: functions of one plain argument that promise plain data. */
export type WorkerModule<M> = { [K in keyof M]: (argument: never) => Promise<unknown> }

/** A module that runs in a process of its own; its functions are called as if they were here. */
export type Remote<M extends WorkerModule<M>> = M & { readonly child: Child }

/** What goes to the worker. */
export interface Call {
  readonly name: string
  readonly argument: unknown
}

/** What comes back; calls do not overlap, so an answer belongs to the last call. */
export type Answer = { readonly result: unknown } | { readonly error: string }

/** As our services run: threads for checkpoints beside the ring, more than Node's four. */
const WORKER_ENV = { UV_THREADPOOL_SIZE: process.env['UV_THREADPOOL_SIZE'] ?? '16' }

/**
 * Starts `module` in a process pinned to `core`. Timing happens inside the worker, so that the
 * message channel is no part of any figure.
 */
export function startWorker<M extends WorkerModule<M>>(
  core: Core,
  module: URL,
  cleanup: Cleanup,
): Remote<M> {
  const main = fileURLToPath(new URL('./worker-main.ts', import.meta.url))
  const command = [process.execPath, '--expose-gc', ...profiling(core), main, module.href]
  const child = new Child({ core, command, env: WORKER_ENV, channel: 'ipc' }, cleanup)
  const call = (name: string, argument: unknown): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const failed = (): void => reject(new Error(`${module.pathname} ended:\n${child.output}`))
      child.process.once('exit', failed)
      child.process.once('message', (answer: Answer) => {
        child.process.off('exit', failed)
        if ('error' in answer) reject(new Error(answer.error))
        else resolve(answer.result)
      })
      child.process.send({ name, argument } satisfies Call)
    })
  return new Proxy({ child } as Remote<M>, {
    get: (target, name) =>
      // A promise of a worker must not look like a promise of a promise.
      name === 'then' || name === 'child'
        ? Reflect.get(target, name)
        : (argument: unknown) => call(String(name), argument),
  })
}

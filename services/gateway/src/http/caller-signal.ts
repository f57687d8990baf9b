import type { FastifyReply } from 'fastify'
import type { Draining } from './draining.ts'

/**
 * Aborts when the connection closes before the answer is out: nobody waits for it any more. With
 * `draining`, also when the process begins to stop, for answers that may wait for long.
 */
export function callerSignal(reply: FastifyReply, draining?: Draining): AbortSignal {
  const controller = new AbortController()
  const abort = (): void => controller.abort()
  const leave = draining?.onBegin(abort)
  reply.raw.once('close', () => {
    leave?.()
    if (!reply.raw.writableFinished) abort()
  })
  return controller.signal
}

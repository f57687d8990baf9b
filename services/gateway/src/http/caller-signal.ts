import type { FastifyReply } from 'fastify'

/**
 * Aborts when the connection closes before the answer is out: nobody waits for it any more. With
 * `draining`, also when the process begins to stop, for answers that may wait for long.
 */
export function callerSignal(reply: FastifyReply, draining?: AbortSignal): AbortSignal {
  const controller = new AbortController()
  const abort = (): void => controller.abort()
  reply.raw.once('close', () => {
    draining?.removeEventListener('abort', abort)
    if (!reply.raw.writableFinished) abort()
  })
  draining?.addEventListener('abort', abort)
  return controller.signal
}

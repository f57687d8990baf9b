import type { FastifyReply } from 'fastify'
import { nextTurn } from '../produce/next-turn.ts'

/** Calls back once the system has the whole answer, or the connection has closed before. */
export function onAnswerEnd({ raw }: FastifyReply, callback: () => void): void {
  if (raw.closed) callback()
  else raw.once('close', callback)
}

/**
 * Resolves once what was pushed to the stream that is being sent has left the process, save for
 * the few KiB that every socket may keep, or the connection has closed.
 */
export async function passedOn({ raw }: FastifyReply): Promise<void> {
  // A stream hands on what it was given in a later turn.
  await nextTurn()
  if (raw.closed || !raw.writableNeedDrain) return
  await new Promise<void>((resolve) => {
    const finish = (): void => {
      raw.off('drain', finish)
      raw.off('close', finish)
      resolve()
    }
    raw.on('drain', finish)
    raw.on('close', finish)
  })
}

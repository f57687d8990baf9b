import type { Draining } from '../../http/draining.ts'

/** For what may wait for long: aborts with the caller's signal, or when the process is to stop. */
export function waitSignal(
  caller: AbortSignal,
  draining: Draining,
): { readonly signal: AbortSignal; end(): void } {
  const controller = new AbortController()
  const abort = (): void => controller.abort()
  const leave = draining.onBegin(abort)
  caller.addEventListener('abort', abort, { once: true })
  if (caller.aborted || draining.hasBegun) abort()
  return {
    signal: controller.signal,
    end() {
      leave()
      caller.removeEventListener('abort', abort)
    },
  }
}

import type { Clock } from '@courant/kernel'

/** Ctrl-C reaches us twice under npm: from the terminal, and handed on by npm a moment later. */
const SAME_SIGNAL_MS = 250

/** The first signal asks for a stop in order; another, later one, for an end at once. */
export function onStopSignals(
  clock: Clock,
  handlers: { readonly stop: () => void; readonly again: (signal: NodeJS.Signals) => void },
): void {
  let stoppingSince: number | null = null
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      const now = clock.monotonicMs()
      if (stoppingSince === null) {
        stoppingSince = now
        handlers.stop()
      } else if (now - stoppingSince > SAME_SIGNAL_MS) handlers.again(signal)
    })
  }
}

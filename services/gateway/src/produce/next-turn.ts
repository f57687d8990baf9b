/** Lets the event loop go round once: what else has become ready runs first. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

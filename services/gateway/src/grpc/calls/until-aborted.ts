/** Ends, without an error, when the signal aborts, also in the middle of a wait. */
export async function* untilAborted(
  requests: AsyncIterable<Buffer>,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  const iterator = requests[Symbol.asyncIterator]()
  let giveUp = (): void => {}
  signal.addEventListener('abort', () => giveUp(), { once: true })
  while (!signal.aborted) {
    // Not a race of promises: one that lasts as long as the stream would remember every request.
    const result = await new Promise<IteratorResult<Buffer> | null>((resolve, reject) => {
      giveUp = () => resolve(null)
      // When the wait is given up, how it ends is nobody's concern.
      iterator.next().then(resolve, reject)
    })
    if (result === null || result.done === true) return
    yield result.value
  }
}

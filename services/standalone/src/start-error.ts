/**
 * Why the standalone cannot start, as a sentence for the person who started it; no stack helps
 * them.
 */
export class StartError extends Error {
  override readonly name = 'StartError'
}

/**
 * Something that was once synced, in the ring or the checkpoint log, cannot be read: data was lost
 * on the disk, not in a crash. The directory does not open.
 */
export class RingCorruptError extends Error {
  override readonly name = 'RingCorruptError'
}

/**
 * Decodes what had the right checksum. Where it makes no sense all the same, it was written by
 * another version or by somebody else's hand.
 */
export function understood<Result>(what: string, decode: () => Result): Result {
  try {
    return decode()
  } catch (error) {
    if (error instanceof RingCorruptError) throw error
    throw new RingCorruptError(`What ${what} of this data directory says makes no sense.`, {
      cause: error,
    })
  }
}

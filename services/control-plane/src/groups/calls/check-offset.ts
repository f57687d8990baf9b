import type { PartitionOffset } from '@courant/api/internal/v1/group'
import { BusError, limits } from '@courant/kernel'

/** Throws INVALID_ARGUMENT. */
export function checkOffset(given: PartitionOffset): PartitionOffset {
  const { offset, leaderEpoch, metadata } = given
  if (!Number.isSafeInteger(offset) || offset < 0) refuse('An offset is a number from 0 on.')
  if (leaderEpoch < -1) refuse('A leader epoch is a number from 0 on, or -1 if it is not known.')
  // PostgreSQL's texts hold no NUL, and one would be refused with all that is written beside it.
  if (metadata.includes('\0')) refuse('The metadata of an offset contains no NUL character.')
  if (Buffer.byteLength(metadata) > limits.offsetMetadataBytesMax) {
    refuse(`The metadata of an offset has at most ${limits.offsetMetadataBytesMax} bytes.`)
  }
  return given
}

function refuse(detail: string): never {
  throw new BusError('INVALID_ARGUMENT', detail)
}

import { BusError } from '@courant/kernel'
import type { PartitionLog, ReadRequest, ReadResult } from '@courant/log'

/**
 * Reads, and once more where a read from a file has brought little: it ends where its segment does,
 * or where the records begin that are only in memory yet. A reader that is far behind gets there in
 * half as many requests, and a person who asks for ten records gets ten.
 */
export function readOn(log: PartitionLog, request: ReadRequest): ReadResult | Promise<ReadResult> {
  const found = log.read(request)
  return found instanceof Promise ? found.then((first) => continued(log, request, first)) : found
}

async function continued(
  log: PartitionLog,
  { end, maxBytes }: ReadRequest,
  first: ReadResult,
): Promise<ReadResult> {
  if (first.size === 0 || first.nextOffset >= end || first.size > maxBytes / 2) return first
  try {
    const limits = { maxBytes: maxBytes - first.size, end, first: 'within-limit' } as const
    const rest = await log.read({ offset: first.nextOffset, ...limits })
    return {
      chunks: [...first.chunks, ...rest.chunks],
      size: first.size + rest.size,
      nextOffset: rest.nextOffset,
      release: () => {
        first.release()
        rest.release()
      },
    }
  } catch (error) {
    // Trimmed or damaged behind what is good: the next request hears of it.
    if (error instanceof BusError) return first
    throw error
  }
}

import { nextTurn } from '../produce/next-turn.ts'
import type { Fetched } from './partition-fetcher.ts'
import type { ReadHold } from './read-hold.ts'
import type { RecordPage } from './record-page.ts'

/**
 * Encodes the whole page, slice by slice. Its text is counted as it grows: escaped or decompressed
 * it may be many times larger than what was fetched.
 */
export async function encodeHeld(page: RecordPage, fetched: Fetched, hold: ReadHold) {
  while (!page.next()) {
    hold.grow(fetched.records.length + page.size)
    await nextTurn()
  }
}

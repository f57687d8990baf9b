import type { PollParts } from '@courant/gateway/groups/poll'
import type { Round } from '@courant/gateway/groups/range-reader'
import { BusError, type Clock, wait } from '@courant/kernel'
import type { World } from '../world.ts'

type Ranges = Pick<PollParts['ranges'], 'read' | 'wait'>
type Resets = Pick<PollParts['resets'], 'first' | 'outOfRange'>

const READ_MS = 2

/** Reads of the simulated logs, in the place of brokers. */
export function simRanges(world: World, clock: Clock): PollParts['ranges'] {
  const ranges: Ranges = {
    async read(positions): Promise<Round> {
      await wait(clock, world.random.next() * READ_MS)
      if (world.logsAreAway) {
        const failures = [new BusError('NOT_LEADER', 'The partition has no leader.')]
        return { found: [], outOfRange: [], failures }
      }
      const found = positions.flatMap((position) => {
        const log = world.logOf(position)
        const records = log.read(position.offset)
        const at = { lastStableOffset: log.end, logStartOffset: 0 }
        const fetched = { records, highWatermark: log.end, ...at, memory: 'shared' as const }
        return records.length === 0 ? [] : [{ position, fetched }]
      })
      return { found, outOfRange: [], failures: [] }
    },
    async wait(positions, { failures }, waitMs, signal): Promise<void> {
      const over = new AbortController()
      const end = (): void => over.abort()
      signal.addEventListener('abort', end, { once: true })
      if (signal.aborted) end()
      const hasMore = positions.some((position) => world.logOf(position).end > position.offset)
      if (hasMore && failures.length === 0) return
      // An append wakes its readers in an event of theirs.
      for (const position of positions) {
        world.logOf(position).onAppend(() => clock.setTimer(0, end))
      }
      await wait(clock, failures.length > 0 ? Math.min(waitMs, 250) : waitMs, over.signal)
    },
  }
  return Object.assign(Object.create(null), ranges)
}

/** Members begin where the log begins. */
export function simResets(): PollParts['resets'] {
  const resets: Resets = {
    async first(position) {
      const { topic, partition } = position
      position.next = 0
      position.leaderEpoch = -1
      return { topic, partition, reason: 'NO_COMMITTED_OFFSET', from: null, to: 0 }
    },
    async outOfRange() {
      throw new Error('no position of a simulated member is out of range')
    },
  }
  return Object.assign(Object.create(null), resets)
}

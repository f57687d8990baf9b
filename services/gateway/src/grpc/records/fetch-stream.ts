import { FetchStreamRequest } from '@courant/api/v1/record_service'
import { BusError, type Clock, limits } from '@courant/kernel'
import { type Fetched, type FetchPosition, giveBackRecords } from '../../fetch/partition-fetcher.ts'
import type { DataPath } from '../../rest/records/data-path.ts'
import { decoded } from '../calls/decoded.ts'
import type { ServerStreamMethod } from '../calls/methods.ts'
import { waitSignal } from '../calls/wait-signal.ts'
import { AnswerSender } from './answer-sender.ts'
import { fetchAnswers } from './fetch-answer.ts'
import { checkRange, limitsOf, partitionOf, startOf } from './read-request.ts'

/** An idle stream tells so often how far the log is, and that it is alive. */
const HEARTBEAT_MS = 15_000

/** `RecordService.FetchStream`. */
export function fetchStream(dataPath: DataPath): ServerStreamMethod {
  const { topics, reader, reads, buffers, draining, clock } = dataPath
  return async (message, respond, context) => {
    const request = decoded(FetchStreamRequest, message)
    const { maxRecords, waitMs: idleMs } = request
    checkRange('/maxRecords', maxRecords, 1, Number.MAX_SAFE_INTEGER)
    checkRange('/waitMs', idleMs, 0, limits.waitMsMax)
    const { maxBytes, isolation, format } = limitsOf(request)
    const partition = await partitionOf(topics, context, request)
    const waiting = waitSignal(context.signal, draining)
    const hold = reads.hold(context.principal.tenantId)
    const sender = new AnswerSender(respond, reads.hold(context.principal.tenantId))
    const idle = new Idleness(clock, idleMs)
    let left = maxRecords ?? Number.POSITIVE_INFINITY
    try {
      const { signal } = waiting
      let offset = await reader.startOffset(partition, startOf(request.start), signal)
      let waitMs = 0
      while (!signal.aborted) {
        const position = { ...partition, offset }
        const fetched = await reader.read(position, { maxBytes, isolation, waitMs }, hold, signal)
        let found = 0
        const bounds = { recordsMax: left, bytesMax: maxBytes }
        for (const answer of fetchAnswers(fetched, offset, format, bounds, buffers)) {
          offset = answer.nextOffset
          found += answer.recordCount
          // An empty answer is a heartbeat, where nothing else has been heard for long.
          const isHeartbeat = answer.recordCount === 0
          if (!isHeartbeat || waitMs === HEARTBEAT_MS) await sender.send(answer.message)
        }
        giveBackRecords(fetched)
        hold.release()
        left -= found
        if (left <= 0) break
        if (found > 0) idle.restart()
        else if (isCaughtUp(fetched, offset, isolation) && idle.isOver) break
        waitMs = Math.min(HEARTBEAT_MS, idle.leftMs)
      }
      await sender.sent()
      if (draining.hasBegun) throw new BusError('SHUTTING_DOWN', 'Go on at another gateway.')
    } finally {
      waiting.end()
      hold.release()
    }
  }
}

function isCaughtUp(
  { lastStableOffset, highWatermark }: Fetched,
  offset: FetchPosition['offset'],
  isolation: 'committed' | 'uncommitted',
): boolean {
  return offset >= (isolation === 'committed' ? lastStableOffset : highWatermark)
}

/** How long nothing has come, where a stream is to end by that. */
class Idleness {
  readonly #clock: Clock
  readonly #idleMs: number
  #sinceMs: number

  constructor(clock: Clock, idleMs: number | undefined) {
    this.#clock = clock
    this.#idleMs = idleMs ?? Number.POSITIVE_INFINITY
    this.#sinceMs = clock.monotonicMs()
  }

  get leftMs(): number {
    return Math.max(0, this.#idleMs - (this.#clock.monotonicMs() - this.#sinceMs))
  }

  get isOver(): boolean {
    return this.leftMs <= 0
  }

  restart(): void {
    this.#sinceMs = this.#clock.monotonicMs()
  }
}

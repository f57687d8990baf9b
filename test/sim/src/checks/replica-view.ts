import type { RunningBroker } from '@courant/broker/run'
import { type Batch, batchesOf, nameOf } from './batch.ts'
import type { CommittedLog } from './committed-log.ts'
import { ensure } from './violation.ts'

export type Log = NonNullable<ReturnType<RunningBroker['logs']['find']>>

interface LogState {
  isCorrupt: boolean
  readonly truncations: number
}

const READ_BYTES = 1024 * 1024

/**
 * One replica as a checker sees it, from the start of a process until its death and beyond: its
 * batches, read when they are appended, and up to where they are the committed ones.
 */
export class ReplicaView {
  readonly who: string
  readonly #log: Log
  readonly #committed: CommittedLog
  #batches: Batch[] = []
  /** Offset behind the last batch that has been read. */
  #end: number
  #start: number
  #isLoading = false
  #matchedCount = 0
  #matched: number
  #truncations: number
  #checkedCount = 0
  appendedEnd = -1
  durableEnd = -1
  highWatermark = -1
  logStart = -1
  /** `<topic>/<partition>` */
  readonly key: string
  /** Another one is another log of the same partition: the first was deleted. */
  readonly incarnation: number
  /** The term in which it leads; null while it does not. */
  leadership: unknown = null

  constructor(who: string, log: Log, committed: CommittedLog) {
    this.who = `${who}, ${committed.name},`
    this.#log = log
    this.key = `${log.topicId}/${log.partition}`
    this.incarnation = log.incarnation
    this.#committed = committed
    this.#start = log.logStartOffset
    this.#end = log.logStartOffset
    this.#matched = log.logStartOffset
    this.#truncations = this.#state.truncations
  }

  get #state(): LogState {
    return (this.#log as Log & { readonly state: LogState }).state
  }

  get committed(): CommittedLog {
    return this.#committed
  }

  /** Whether all that is appended has been read. */
  get isCurrent(): boolean {
    return !this.#isLoading && this.#end === this.appendedEnd
  }

  /** Up to here its batches are the committed ones, and on its disk. */
  get safeEnd(): number {
    return Math.min(this.#matched, this.durableEnd)
  }

  /** Looks at the log; whether anything has moved. */
  look(): boolean {
    const { appendedEnd, durableEnd, highWatermark, logStartOffset } = this.#log
    const isSame =
      appendedEnd === this.appendedEnd &&
      durableEnd === this.durableEnd &&
      highWatermark === this.highWatermark &&
      logStartOffset === this.logStart
    if (isSame) return false
    ensure(
      logStartOffset <= highWatermark && highWatermark <= durableEnd && durableEnd <= appendedEnd,
      () =>
        `${this.who} start ${logStartOffset}, high watermark ${highWatermark}, durable ${durableEnd}, end ${appendedEnd}`,
    )
    if (appendedEnd < this.#end) this.#truncated(appendedEnd)
    // Also at its own end, where the last record may be another than the leader's was.
    const isCut = this.#state.truncations !== this.#truncations
    this.#truncations = this.#state.truncations
    if (logStartOffset > this.#end || (isCut && logStartOffset === this.#end)) {
      this.#restarted(logStartOffset)
    }
    ensure(
      highWatermark >= Math.min(this.highWatermark, logStartOffset, appendedEnd),
      () =>
        `${this.who} its high watermark goes back from ${this.highWatermark} to ${highWatermark}`,
    )
    this.appendedEnd = appendedEnd
    this.durableEnd = durableEnd
    this.highWatermark = highWatermark
    this.logStart = logStartOffset
    this.#read()
    return true
  }

  /**
   * Compares what is below the high watermark with what is committed, and adds to that what nobody
   * had committed yet.
   */
  commit(): void {
    const committed = this.#committed
    while (this.#checkedCount < this.#batches.length) {
      const batch = this.#batches[this.#checkedCount]
      if (batch === undefined || batch.next > this.highWatermark) break
      if (batch.base >= committed.end) committed.extend(batch, this.who)
      else {
        const index = committed.indexAt(batch.base)
        ensure(
          committed.has(batch, index),
          () =>
            `${this.who} has ${nameOf(batch)} below its high watermark ${this.highWatermark}; ` +
            `committed is ${index < 0 ? 'nothing there' : nameOf(committed.batch(index) ?? batch)}`,
        )
      }
      this.#checkedCount += 1
    }
  }

  /** Moves on over batches that are the committed ones. */
  match(): void {
    const committed = this.#committed
    for (; this.#matchedCount < this.#batches.length; this.#matchedCount += 1) {
      const batch = this.#batches[this.#matchedCount]
      if (batch === undefined || batch.next > committed.end) return
      if (!committed.has(batch, committed.indexAt(batch.base))) return
      this.#matched = batch.next
    }
  }

  #truncated(end: number): void {
    while ((this.#batches.at(-1)?.next ?? 0) > end) this.#batches.pop()
    this.#end = Math.min(this.#end, end)
    this.#matchedCount = Math.min(this.#matchedCount, this.#batches.length)
    this.#checkedCount = Math.min(this.#checkedCount, this.#batches.length)
    this.#matched = Math.min(this.#matched, end)
  }

  /** It has begun anew behind all that it had: what is before was deleted by its leader. */
  #restarted(start: number): void {
    this.#batches = []
    this.#start = start
    this.#end = start
    this.#matchedCount = 0
    this.#checkedCount = 0
    this.#matched = start
  }

  #read(): void {
    if (this.#isLoading) return
    while (this.#end < this.appendedEnd) {
      const request = {
        offset: this.#end,
        maxBytes: READ_BYTES,
        end: this.appendedEnd,
        first: 'whole',
      } as Parameters<Log['read']>[0]
      const found = this.#log.read(request)
      if (found instanceof Promise) {
        this.#load(found)
        return
      }
      this.#take(found)
    }
  }

  /**
   * From a file, which takes virtual time. What cannot be read is looked at again later. The broker
   * has to find damage by itself: that this reader has found it must not help.
   */
  #load(reading: Promise<Awaited<ReturnType<Log['read']>>>): void {
    this.#isLoading = true
    const state = this.#state
    const wasCorrupt = state.isCorrupt
    reading.then(
      (found) => {
        this.#isLoading = false
        this.#take(found)
        this.appendedEnd = -1
      },
      () => {
        this.#isLoading = false
        state.isCorrupt = wasCorrupt
        // Cut meanwhile: there is nothing more to read, and it is to be looked at again.
        if (this.isCurrent) this.appendedEnd = -1
      },
    )
  }

  #take(found: Awaited<ReturnType<Log['read']>>): void {
    for (const chunk of found.chunks) {
      for (const batch of batchesOf(chunk)) {
        if (batch.next <= this.#end) continue
        const isFirst = this.#batches.length === 0 && batch.base <= this.#start
        ensure(
          batch.base === this.#end || isFirst,
          () => `${this.who} has ${nameOf(batch)} right behind ${this.#end}`,
        )
        this.#batches.push(batch)
        this.#end = batch.next
      }
    }
    found.release()
  }
}

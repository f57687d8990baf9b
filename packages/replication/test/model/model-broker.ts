import { assert, type BrokerId, BusError, type ErrorCode, type LeaderEpoch } from '@courant/kernel'
import {
  type Alteration,
  type AlterationOutcome,
  type BrokerRegistry,
  type EpochEnd,
  type FetchPosition,
  Follower,
  type PartitionRow,
  ReplicaSet,
} from '../../src/index.ts'
import { ModelLog, type ModelRecord } from './model-log.ts'

const LAG_MAX_MS = 100
const FETCH_RECORDS_MAX = 3

export interface FetchMessage {
  readonly from: BrokerId
  readonly to: BrokerId
  readonly brokerEpoch: number
  readonly position: FetchPosition
}

export interface FetchAnswer {
  readonly request: FetchMessage
  readonly error: ErrorCode | null
  readonly highWatermark: number
  readonly logStartOffset: number
  readonly diverging: EpochEnd | null
  readonly records: readonly ModelRecord[]
}

/** One replica: a log, and the machine for what the newest row that it knows makes of it. */
export class ModelBroker {
  readonly id: BrokerId
  readonly log = new ModelLog()
  isUp = true
  epoch = 0
  row: PartitionRow | null = null
  /**
   * No row from before the registration: an earlier life may have led by it, and have written what
   * is lost (reliability B2.4).
   */
  registeredAt = 0
  replicas: ReplicaSet | null = null
  follower: Follower | null = null
  /** Values of this leader's term that wait for the high watermark, by offset. */
  waiting: { end: number; value: string }[] = []
  /** What the last checkpoint said. */
  #rememberedHighWatermark = 0
  readonly #registry: BrokerRegistry

  constructor(id: BrokerId, registry: BrokerRegistry) {
    this.id = id
    this.#registry = registry
  }

  /** Takes over a newer row. */
  assign(row: PartitionRow, nowMs: number): void {
    if (row.partitionEpoch < this.registeredAt) return
    if (this.row !== null && row.partitionEpoch <= this.row.partitionEpoch) return
    const isSameTerm = this.row?.leaderEpoch === row.leaderEpoch
    this.row = row
    if (isSameTerm && this.replicas !== null) {
      this.replicas.adopt(row, nowMs)
      return
    }
    if (isSameTerm && this.follower !== null && this.follower.leader === row.leader) return
    this.endTerm()
    if (row.leader === this.id) this.#lead(row, nowMs)
    else if (row.leader !== null) {
      this.follower = new Follower(row.leader, row.leaderEpoch, 0 as LeaderEpoch)
    }
  }

  endTerm(): void {
    this.replicas = null
    this.follower = null
    this.waiting = []
  }

  crash(): void {
    this.isUp = false
    this.row = null
    this.endTerm()
    this.log.crash(this.#rememberedHighWatermark)
  }

  wipe(): void {
    this.log.restart(0)
    this.#rememberedHighWatermark = 0
  }

  checkpoint(): void {
    this.#rememberedHighWatermark = this.log.highWatermark
  }

  /** With acks=1 nothing is promised, and the log grows also where nothing can be committed. */
  produce(value: string, acks: 'all' | 1, nowMs: number): void {
    if (this.replicas === null) return
    if (acks === 'all' && this.replicas.isUnderMinIsr) return
    this.log.append({ epoch: this.replicas.leaderEpoch, value })
    this.replicas.appended(nowMs)
    if (acks === 'all') this.waiting.push({ end: this.log.appendedEnd, value })
  }

  nextFetch(): FetchMessage | null {
    const { follower, log } = this
    if (follower === null || follower.problem !== null || log.durableEnd < log.appendedEnd)
      return null
    const position = follower.position(log)
    return { from: this.id, to: follower.leader, brokerEpoch: this.epoch, position }
  }

  serve(request: FetchMessage, nowMs: number): FetchAnswer {
    const { log, replicas } = this
    const { position, from, brokerEpoch } = request
    const answer = { request, diverging: null, records: [], error: null }
    const ends = () => ({ highWatermark: log.highWatermark, logStartOffset: log.logStartOffset })
    try {
      if (replicas === null) throw new BusError('NOT_LEADER', 'not the leader')
      const fetch = { ...position, broker: from, brokerEpoch }
      const diverging = replicas.fetched(fetch, log, nowMs)
      if (diverging !== null) return { ...answer, ...ends(), diverging }
      const records = log.from(position.offset, FETCH_RECORDS_MAX)
      return { ...answer, ...ends(), records }
    } catch (error) {
      assert(error instanceof BusError, String(error))
      const isRange = error.code === 'OFFSET_OUT_OF_RANGE'
      const none = { highWatermark: -1, logStartOffset: -1 }
      return { ...answer, ...(isRange ? ends() : none), error: error.code }
    }
  }

  receive(answer: FetchAnswer): void {
    const { follower, log } = this
    if (follower === null) return
    const { request, records } = answer
    const action = follower.receive(
      request.position,
      { ...answer, hasRecords: records.length > 0 },
      log,
    )
    if (action.kind === 'truncate') log.truncateTo(action.offset)
    else if (action.kind === 'restart') log.restart(action.offset)
    else if (action.kind === 'append') for (const record of records) log.append(record)
    this.settleFollower()
  }

  settleFollower(): void {
    const { follower, log } = this
    if (follower === null) return
    log.highWatermark = follower.highWatermark(log)
    log.trimTo(follower.logStart(log))
  }

  /** Values that may be acknowledged now. */
  advance(nowMs: number): { end: number; value: string }[] {
    const { replicas, log } = this
    if (replicas === null) return []
    replicas.advance(log.durableEnd, { nowMs, lagMaxMs: LAG_MAX_MS })
    log.highWatermark = replicas.highWatermark
    const done = this.waiting.filter(({ end }) => end <= log.highWatermark)
    this.waiting = this.waiting.filter(({ end }) => end > log.highWatermark)
    return done
  }

  propose(nowMs: number): Alteration | null {
    const policy = { nowMs, lagMaxMs: LAG_MAX_MS, brokerEpoch: this.epoch }
    return this.replicas?.proposeAlteration(policy) ?? null
  }

  settle(alteration: Alteration, outcome: AlterationOutcome, nowMs: number): void {
    this.replicas?.settle(alteration, outcome, nowMs)
    if (outcome.kind !== 'unknown' && outcome.row !== null) this.assign(outcome.row, nowMs)
  }

  #lead(row: PartitionRow, nowMs: number): void {
    const { log } = this
    log.startEpoch(row.leaderEpoch)
    const term = {
      broker: this.id,
      row,
      epochStartOffset: log.appendedEnd,
      highWatermark: log.highWatermark,
    }
    this.replicas = new ReplicaSet(term, this.#registry, nowMs)
  }
}

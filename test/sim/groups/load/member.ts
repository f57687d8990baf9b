import { BusError, limits, type TenantId, wait } from '@courant/kernel'
import { ensure } from '../../src/checks/violation.ts'
import { SimProcess } from '../../src/machine/sim-process.ts'
import type { MemberFacts } from '../checks/who-is-working.ts'
import { keyOf } from '../database/group-tables.ts'
import type {
  GatewayNode,
  MemberCall,
  PollAnswer,
  PolledRecord,
} from '../processes/gateway-node.ts'
import type { World } from '../world.ts'

export interface MemberOptions {
  readonly group: string
  readonly memberId: string
  readonly topics: readonly string[]
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  /** How long the work on one record takes, about. */
  readonly workMs: number
  readonly waitMs: number
}

interface Chain {
  token: string
  tokenMs: number
  /** Whether the work on all that the token names is done. */
  isDone: boolean
}

const RETRY_MS = 300
const HTTP_MARGIN_MS = 12_000
/** An earlier process lives on for three seconds at most, and its last request for less than 17. */
const SHARED_MS = 20_000

/**
 * A program that polls as docs/consumer-groups.md says, through any gateway: it processes, then
 * acknowledges with the next poll; now and then it reads on with `after` and commits later.
 */
export class Member {
  readonly options: MemberOptions
  readonly #world: World
  readonly #facts: MemberFacts
  #process: SimProcess | null = null
  #turn = 0
  #isLeaving = false
  #life: MemberLife | null = null
  /** What an earlier process had in work when it was given up. */
  #orphan: (() => Promise<void>) | null = null

  constructor(options: MemberOptions, world: World) {
    this.options = options
    this.#world = world
    this.#facts = world.checks.working.register(options.group, options.memberId, options)
  }

  get process(): SimProcess | null {
    return this.#process?.isAlive === true ? this.#process : null
  }

  /** Also beside one that runs: then two use one member id, and the older has no right. */
  boot(): void {
    const { random, scheduler } = this.#world
    const { memberId } = this.options
    const place = { host: memberId, role: 'gateway' as const, wallSkewMs: 0 }
    const process = new SimProcess(scheduler, place, random.below(2 ** 32))
    this.#process = process
    this.#isLeaving = false
    this.#facts.inWork.clear()
    if (this.#life !== null) this.#facts.sharedUntilMs = this.#world.nowMs + SHARED_MS
    const life = new MemberLife(this.options, this.#world, process, this.#facts, () =>
      this.#turns(),
    )
    this.#orphan = this.#life?.orphan() ?? this.#orphan
    this.#life = life
    void life
      .run(() => this.#isLeaving)
      .then(() => {
        if (!this.#isLeaving && this.process === null) this.boot()
      })
  }

  kill(): void {
    this.process?.die('killed')
    this.#facts.inWork.clear()
  }

  /** A process that was given up finishes what it had in work, and commits it. */
  commitLate(): boolean {
    const orphan = this.#orphan
    this.#orphan = null
    orphan?.().catch((error: unknown) => {
      if (!(error instanceof BusError)) this.#world.fail(error)
    })
    return orphan !== null
  }

  /** After what is in work. */
  leave(): void {
    this.#isLeaving = true
  }

  /** Also while it is about to leave: then as soon as it has. */
  comeBack(): void {
    this.#isLeaving = false
    if (this.process === null) this.boot()
  }

  #turns(): number {
    this.#turn += 1
    return this.#turn
  }
}

/** One process of a member. */
class MemberLife {
  readonly #options: MemberOptions
  readonly #world: World
  readonly #process: SimProcess
  readonly #facts: MemberFacts
  readonly #turns: () => number
  #chain: Chain | null = null
  /** Given to it, and not processed. */
  #todo: PolledRecord[] = []
  /** Behind what was read with the tokens so far. */
  readonly #next = new Map<string, number>()

  constructor(
    options: MemberOptions,
    world: World,
    process: SimProcess,
    facts: MemberFacts,
    turns: () => number,
  ) {
    this.#options = options
    this.#world = world
    this.#process = process
    this.#facts = facts
    this.#turns = turns
  }

  async run(isLeaving: () => boolean): Promise<void> {
    const { clock, random } = this.#process
    while (!isLeaving()) {
      try {
        await this.#turn()
      } catch (error) {
        if (!(error instanceof BusError)) return this.#world.fail(error)
        if (!error.facts.retriable) this.#drop()
        if (this.#chain === null) this.#facts.inWork.clear()
        await wait(clock, RETRY_MS * random.next())
      }
    }
    this.#world.checks.working.asksToGo(this.#facts)
    this.#facts.inWork.clear()
    const call = this.#call(null, 0)
    await this.#ask((gateway) => gateway.leave(call), 5_000).catch(() => {})
    this.#process.die('exit')
  }

  async #turn(): Promise<void> {
    const { random } = this.#process
    const chain = this.#chain
    const kind = chain !== null && !chain.isDone ? 'after' : 'ack'
    if (kind === 'ack' || chain === null) this.#facts.inWork.clear()
    const { waitMs } = this.#options
    const call = this.#call(chain, random.below(3) === 0 ? 0 : waitMs, kind)
    const before = this.#committedNow()
    const { answer, tokenMs } = await this.#ask(async (gateway) => {
      const polled = await gateway.poll(call)
      this.#facts.heardMs = this.#world.nowMs
      return { answer: polled, tokenMs: this.#world.nowMs }
    }, waitMs + HTTP_MARGIN_MS)
    this.#check(answer, before)
    this.#chain = { token: answer.leaseToken, tokenMs, isDone: false }
    this.#todo.push(...answer.records)
    for (const record of answer.records) this.#facts.inWork.add(this.#keyOf(record))
    // It reads on with `after`, and does all of it later.
    if (random.below(3) === 0 && answer.records.length > 0) return
    await this.#work()
    this.#chain.isDone = true
    if (random.below(6) === 0) await this.#commitAlone()
  }

  /** How it would go on, if it were not given up; null if nothing is in work. */
  orphan(): (() => Promise<void>) | null {
    const chain = this.#chain
    const records = [...this.#todo]
    const call = this.#call(chain, 0)
    if (chain === null) return null
    return async () => {
      for (const record of records) this.#processed(record)
      await this.#world.gatewayFor(this.#turns()).commit(call, chain.token)
    }
  }

  /** Acknowledges without reading on. */
  async #commitAlone(): Promise<void> {
    const chain = this.#chain
    if (chain === null) return
    this.#facts.inWork.clear()
    const call = this.#call(chain, 0)
    await this.#ask((gateway) => gateway.commit(call, chain.token), HTTP_MARGIN_MS)
  }

  async #work(): Promise<void> {
    const { clock, random } = this.#process
    for (const record of this.#todo) {
      await wait(clock, this.#world.workMs(this.#options.workMs * 2 * random.next()))
      this.#processed(record)
    }
    this.#todo = []
  }

  #processed(record: PolledRecord): void {
    const place = `${this.#options.group} ${this.#keyOf(record)}`
    this.#world.checks.processed.add(place, record.offset)
  }

  /** In order, without a gap, nothing that was committed before it was asked for, and unchanged. */
  #check({ records }: PollAnswer, before: ReadonlyMap<string, { offset: number; resets: number }>) {
    const { group, memberId } = this.#options
    const { checks } = this.#world
    const inAnswer = new Map<string, number>()
    for (const record of records) {
      const key = this.#keyOf(record)
      const { offset } = record
      const who = (): string => `${memberId} of ${group} is given ${key} ${offset}`
      ensure(record.valueText === `${key}/${offset}`, () => `${who()} as ${record.valueText}`)
      const known = before.get(key) ?? { offset: 0, resets: 0 }
      const isReset = checks.resets(group, key) !== known.resets
      ensure(
        isReset || offset >= known.offset,
        () => `${who()}, and ${known.offset} was committed before it asked`,
      )
      const last = inAnswer.get(key)
      if (last === undefined) {
        const reached = Math.max(this.#next.get(key) ?? 0, checks.committed(group, key))
        ensure(isReset || offset <= reached, () => `${who()}, with a gap behind ${reached}`)
      } else ensure(offset === last + 1, () => `${who()} behind ${last}`)
      inAnswer.set(key, offset)
    }
    for (const [key, offset] of inAnswer) this.#next.set(key, offset + 1)
  }

  #committedNow(): ReadonlyMap<string, { offset: number; resets: number }> {
    const { group } = this.#options
    const { checks, partitionKeys } = this.#world
    return new Map(
      partitionKeys.map((key) => [
        key,
        { offset: checks.committed(group, key), resets: checks.resets(group, key) },
      ]),
    )
  }

  #drop(): void {
    this.#chain = null
    this.#todo = []
    this.#next.clear()
  }

  #ask<T>(serve: (gateway: GatewayNode) => Promise<T>, timeoutMs: number): Promise<T> {
    const gateway = this.#world.gatewayFor(this.#turns())
    return this.#world.ask(this.#process, gateway, serve, timeoutMs)
  }

  #keyOf({ topic, partition }: PolledRecord): string {
    return keyOf({ topicId: this.#world.topicIdOf(topic), partition })
  }

  #call(chain: Chain | null, waitMs: number, kind: 'ack' | 'after' = 'ack'): MemberCall {
    const { group, memberId, topics, sessionTimeoutMs, rebalanceTimeoutMs } = this.#options
    return {
      member: {
        tenantId: this.#world.tenantId as TenantId,
        principal: 'key',
        group,
        memberId,
        subscription: { topics: [...topics], pattern: '' },
        assignor: 0,
        sessionTimeoutMs,
        rebalanceTimeoutMs,
        autoOffsetReset: 'earliest',
        clientAddress: '',
        clientSoftware: '',
        requestId: '',
      },
      lease: chain === null ? null : { kind, token: chain.token },
      metadata: JSON.stringify({ memberId, tokenMs: chain?.tokenMs ?? 0 }),
      waitMs: Math.min(waitMs, limits.waitMsMax),
    }
  }
}

import { SeededRandom, systemClock, wait } from '@courant/kernel'
import type { Ack, Delivery } from '../history/group-history.ts'
import { monotonicNs, type Recorder } from '../history/recorder.ts'
import type { Gateways } from './client.ts'
import { commitToken, type PolledRecord, pollGroup, Refused, SESSION_MS } from './group-client.ts'

export interface GroupMemberOptions {
  readonly id: number
  /** A static member comes back under its id; a dynamic one takes a new one. */
  readonly kind: 'static' | 'dynamic'
  readonly seed: number
  readonly gateways: Gateways
  readonly topics: readonly string[]
  readonly recorder: Recorder
}

/** What was given with the tokens up to the newest one, and is not acknowledged. */
interface Work {
  readonly token: string
  readonly records: readonly PolledRecord[]
}

const LIFE_MS = 30_000
const AWAY_MS = 3_000
const PAUSE_MS = 300
/** When the session of who has crashed is over at any rate, a lease of the coordinators too. */
const LATE_MS = 3 * SESSION_MS + 10_000

/**
 * A program that polls as docs/consumer-groups.md says, through one gateway after the other. After
 * about half a minute it crashes without leaving, and another process takes its place; of a dynamic
 * member the dead one's last token is sent all the same, long after its session.
 */
export class GroupMember {
  readonly #options: GroupMemberOptions
  readonly #random: SeededRandom
  readonly #stopping = new AbortController()
  readonly #late: Promise<void>[] = []
  #gateway: number
  #crashes = true
  #done: Promise<void> = Promise.resolve()

  constructor(options: GroupMemberOptions) {
    this.#options = options
    this.#random = new SeededRandom(options.seed * 2_000 + options.id)
    this.#gateway = options.id
  }

  start(): void {
    this.#done = this.#run()
  }

  /** Nobody crashes any more: what is left to do is to be done. */
  spare(): void {
    this.#crashes = false
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await Promise.all([this.#done, ...this.#late])
  }

  async #run(): Promise<void> {
    const { id, kind, recorder } = this.#options
    while (!this.#stopping.signal.aborted) {
      const life = recorder.takeLife()
      const memberId = kind === 'static' ? `static-${id}` : `dynamic-${id}-${life}`
      const crash = new AbortController()
      const timer = systemClock.setTimer(LIFE_MS * (0.5 + this.#random.next()), () => {
        if (this.#crashes) crash.abort()
      })
      const left = await this.#live(memberId, life, crash.signal)
      timer.cancel()
      if (!crash.signal.aborted) return
      if (left !== null && kind === 'dynamic') this.#late.push(this.#tooLate(memberId, life, left))
      await wait(systemClock, this.#random.next() * AWAY_MS, this.#stopping.signal)
    }
  }

  /** One process. What it leaves behind, which nobody has acknowledged. */
  async #live(memberId: string, life: number, crash: AbortSignal): Promise<Work | null> {
    const signal = AbortSignal.any([crash, this.#stopping.signal])
    let work: Work | null = null
    while (!signal.aborted) {
      try {
        const askedNs = monotonicNs()
        const answer = await pollGroup(this.#url(), this.#ask(memberId, work), signal)
        if (work !== null) this.#acked({ memberId, life, records: work.records })
        const { leaseToken, records } = answer
        const delivery: Delivery = { memberId, life, askedNs, records }
        this.#options.recorder.deliveries.push(delivery)
        work = { token: leaseToken, records }
        if (records.length === 0) await wait(systemClock, PAUSE_MS * this.#random.next(), signal)
      } catch (error) {
        // What was refused for good begins anew at what is committed.
        if (error instanceof Refused && !error.isRetriable) work = null
        this.#gateway += 1
        await wait(systemClock, PAUSE_MS, signal)
      }
    }
    return work !== null && work.records.length > 0 ? work : null
  }

  /** A process that was given up long ago comes back with its last token. */
  async #tooLate(memberId: string, life: number, { token, records }: Work): Promise<void> {
    const { recorder } = this.#options
    await wait(systemClock, LATE_MS, this.#stopping.signal)
    if (this.#stopping.signal.aborted) return
    try {
      await commitToken(this.#url(), this.#options.gateways.apiKey, token, this.#stopping.signal)
      recorder.lateCommits.accepted += 1
      this.#acked({ memberId, life, records })
    } catch (error) {
      if (error instanceof Refused && !error.isRetriable) recorder.lateCommits.refused += 1
    }
  }

  #acked({ records, ...who }: Pick<Ack, 'memberId' | 'life' | 'records'>): void {
    if (records.length === 0) return
    this.#options.recorder.acks.push({ ...who, answeredNs: monotonicNs(), records })
  }

  #ask(memberId: string, work: Work | null) {
    const { gateways, topics } = this.#options
    return { apiKey: gateways.apiKey, memberId, topics, ack: work?.token ?? null }
  }

  /** The next one in turn, as behind a load balancer. */
  #url(): string {
    const { urls } = this.#options.gateways
    this.#gateway += 1
    return urls[this.#gateway % urls.length] ?? ''
  }
}

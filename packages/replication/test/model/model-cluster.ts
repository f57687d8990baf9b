import { assert, type BrokerId, brokerId, SeededRandom } from '@courant/kernel'
import type { Alteration, BrokerRegistry } from '../../src/index.ts'
import { type FetchAnswer, type FetchMessage, ModelBroker } from './model-broker.ts'
import { type AlterRequest, ModelControlPlane, type ModelRow } from './model-control-plane.ts'
import type { ModelRecord } from './model-log.ts'

const BROKERS = 3

interface AlterMessage {
  readonly request: AlterRequest
  readonly alteration: Alteration
  /** The leader has given up waiting: the answer finds nobody. */
  isAbandoned: boolean
}

type Message =
  | { readonly kind: 'fetch'; readonly fetch: FetchMessage }
  | { readonly kind: 'answer'; readonly answer: FetchAnswer }
  | { readonly kind: 'alter'; readonly alter: AlterMessage }

interface Act {
  readonly weight: number
  readonly act: () => void
}

/** What a random history found to be false. */
class Violation extends Error {
  override readonly name = 'Violation'
}

/**
 * Three replicas of one partition, a control plane, and a network that loses, repeats, delays and
 * reorders. Every step is a choice of the seed; after each, what must hold is checked.
 */
export class ModelCluster {
  readonly #random: SeededRandom
  readonly #control: ModelControlPlane
  readonly #brokers: ModelBroker[] = []
  readonly #rows: ModelRow[] = []
  readonly #acts: readonly Act[]
  readonly #total: number
  #network: Message[] = []
  readonly #alters: AlterMessage[] = []
  #nowMs = 1_000
  #produced = 0
  /** The committed log: what a high watermark has passed, for ever. */
  readonly #committed: ModelRecord[] = []
  acknowledged = 0

  constructor(seed: number) {
    this.#random = new SeededRandom(seed)
    const ids = Array.from({ length: BROKERS }, (_, index) => brokerId(index + 1))
    this.#control = new ModelControlPlane(ids, 1 + this.#random.below(2))
    const registry: BrokerRegistry = {
      epochOf: (id) => this.#control.brokers.get(id)?.epoch ?? null,
      isActive: (id) => this.#control.brokers.get(id)?.state === 'active',
    }
    for (const id of ids) {
      const broker = new ModelBroker(id, registry)
      broker.epoch = this.#control.register(id, 'everything')
      this.#brokers.push(broker)
    }
    for (const id of ids) this.#control.unfence(id)
    this.#rows.push(this.#control.row)
    this.#acts = this.#actsOfSeed()
    this.#total = this.#acts.reduce((sum, { weight }) => sum + weight, 0)
  }

  /** Faults of every kind. */
  run(steps: number): void {
    for (let step = 0; step < steps; step += 1) {
      this.#step()
      this.#noteRow()
      this.#check()
    }
  }

  /** Nothing fails any more, except that who is down stays down: who is left goes on. */
  limp(): void {
    for (const { id, isUp } of this.#brokers) {
      const isLeader = this.#control.row.leader === id
      if (!isUp && (isLeader || this.#random.below(2) === 0)) this.#control.fence(id)
    }
    for (const broker of this.#brokers) this.#unfence(broker)
    const { leader, effectiveMinIsr } = this.#control.row
    const running = this.#brokers.filter(({ isUp }) => isUp).length
    if (leader === null || running < effectiveMinIsr) return
    this.#settleDown('limping')
    require(this.#committed.at(-1)?.value === 'limping', 'who is left does not go on')
  }

  /** Without any fault all comes right: a leader, everyone in sync, everything committed. */
  heal(): void {
    for (const broker of this.#brokers) if (!broker.isUp) this.#restart(broker, 'intact')
    for (const broker of this.#brokers) this.#unfence(broker)
    this.#settleDown('last')
    const { leader, inSyncReplicas, replicas } = this.#control.row
    require(leader !== null, 'there is no leader after all faults are over')
    require(inSyncReplicas.length === replicas.length, 'a replica does not get back in sync')
    require(this.#committed.at(-1)?.value === 'last', 'a new record is not committed')
  }

  #settleDown(value: string): void {
    for (const alter of this.#alters.splice(0)) this.#abandon(alter)
    for (let round = 0; round < 120; round += 1) {
      this.#nowMs += 20
      const running = this.#brokers.filter(({ isUp }) => isUp)
      for (const broker of running) {
        broker.assign(this.#control.row, this.#nowMs)
        broker.log.sync()
        this.#settle(broker)
        this.#sendFetch(broker)
        this.#propose(broker)
      }
      for (const message of this.#network.splice(0)) this.#deliver(message)
      this.#noteRow()
      this.#check()
      if (round === 60) this.#leader()?.produce(value, 'all', this.#nowMs)
    }
  }

  #unfence({ id, isUp }: ModelBroker): void {
    if (isUp) this.#control.unfence(id)
  }

  #step(): void {
    this.#nowMs += this.#random.below(12)
    let dice = this.#random.below(this.#total)
    for (const { weight, act } of this.#acts) {
      dice -= weight
      if (dice >= 0) continue
      act()
      return
    }
  }

  /** A seed has its own weather: some faults are frequent in it, others do not happen at all. */
  #actsOfSeed(): Act[] {
    const running = (act: (broker: ModelBroker) => void) => () => {
      const broker = this.#any(this.#brokers)
      if (broker.isUp) act(broker)
    }
    const any = (act: (broker: ModelBroker) => void) => () => act(this.#any(this.#brokers))
    const some = (bound: number) => this.#random.below(bound)
    return [
      { weight: 18, act: () => this.#deliverSome() },
      { weight: 4 + some(10), act: running((broker) => this.#produce(broker)) },
      { weight: 14, act: running((broker) => broker.log.sync()) },
      { weight: 18, act: running((broker) => this.#sendFetch(broker)) },
      { weight: 8, act: running((broker) => broker.assign(this.#any(this.#rows), this.#nowMs)) },
      { weight: 4, act: running((broker) => this.#propose(broker)) },
      { weight: 5, act: running((broker) => this.#settle(broker)) },
      { weight: some(3), act: running((broker) => broker.checkpoint()) },
      { weight: some(2), act: running((broker) => this.#trim(broker)) },
      { weight: some(6), act: () => this.#network.splice(some(this.#network.length + 1), 1) },
      { weight: some(6), act: () => this.#repeatSome() },
      { weight: some(3), act: () => this.#abandonSome() },
      { weight: some(3), act: () => this.#loseAlteration() },
      { weight: some(3), act: running((broker) => broker.crash()) },
      { weight: 6, act: () => this.#restartSome() },
      { weight: some(4), act: any(({ id }) => this.#control.fence(id)) },
      { weight: 1 + some(4), act: any((broker) => this.#unfence(broker)) },
    ]
  }

  #any<Item>(items: readonly Item[]): Item {
    const item = items[this.#random.below(items.length)]
    assert(item !== undefined, 'one to choose from')
    return item
  }

  #leader(): ModelBroker | undefined {
    return this.#brokers.find(({ id }) => id === this.#control.row.leader)
  }

  #deliverSome(): void {
    if (this.#network.length === 0) return
    const [message] = this.#network.splice(this.#random.below(this.#network.length), 1)
    if (message !== undefined) this.#deliver(message)
  }

  #repeatSome(): void {
    if (this.#network.length > 0) this.#network.push(this.#any(this.#network))
  }

  /** The leader gives up waiting for an answer; the request may arrive nevertheless. */
  #abandonSome(): void {
    if (this.#alters.length > 0) this.#abandon(this.#any(this.#alters))
  }

  /** The request never arrives either. */
  #loseAlteration(): void {
    const at = this.#network.findIndex(({ kind }) => kind === 'alter')
    const [message] = at === -1 ? [] : this.#network.splice(at, 1)
    if (message?.kind === 'alter') this.#abandon(message.alter)
  }

  #abandon(alter: AlterMessage): void {
    if (alter.isAbandoned) return
    alter.isAbandoned = true
    this.#broker(alter.request.sender).settle(alter.alteration, { kind: 'unknown' }, this.#nowMs)
  }

  #deliver(message: Message): void {
    if (message.kind === 'fetch') {
      const leader = this.#broker(message.fetch.to)
      if (!leader.isUp) return
      const answer = leader.serve(message.fetch, this.#nowMs)
      this.#network.push({ kind: 'answer', answer })
      this.#settle(leader)
    } else if (message.kind === 'answer') {
      const follower = this.#broker(message.answer.request.from)
      // A broken connection takes the answers of an earlier process with it.
      const isSameLife = message.answer.request.brokerEpoch === follower.epoch
      if (follower.isUp && isSameLife) follower.receive(message.answer)
    } else this.#alter(message.alter)
  }

  #alter(alter: AlterMessage): void {
    const { isCommitted, row } = this.#control.alter(alter.request)
    this.#noteRow()
    const leader = this.#broker(alter.request.sender)
    if (alter.isAbandoned || !leader.isUp) return
    alter.isAbandoned = true
    const kind = isCommitted ? 'committed' : 'rejected'
    leader.settle(alter.alteration, { kind, row }, this.#nowMs)
    this.#settle(leader)
  }

  #produce(broker: ModelBroker): void {
    this.#produced += 1
    broker.produce(`v${this.#produced}`, this.#random.below(3) === 0 ? 1 : 'all', this.#nowMs)
  }

  #sendFetch(broker: ModelBroker): void {
    const fetch = broker.nextFetch()
    if (fetch !== null) this.#network.push({ kind: 'fetch', fetch })
  }

  #propose(broker: ModelBroker): void {
    const alteration = broker.propose(this.#nowMs)
    if (alteration === null) return
    const request = {
      sender: broker.id,
      leaderEpoch: alteration.leaderEpoch,
      partitionEpoch: alteration.proposal.partitionEpoch,
      members: alteration.members,
    }
    const alter = { request, alteration, isAbandoned: false }
    this.#alters.push(alter)
    this.#network.push({ kind: 'alter', alter })
  }

  #restartSome(): void {
    const down = this.#brokers.filter(({ isUp }) => !isUp)
    if (down.length === 0) return
    const broker = this.#any(down)
    this.#restart(broker, this.#mayLoseDisk(broker) ? 'wiped' : 'intact')
  }

  /** Only while another replica has everything: the protocol promises no more (KIP-966). */
  #mayLoseDisk({ id }: ModelBroker): boolean {
    const { inSyncReplicas, eligibleReplicas } = this.#control.row
    const others = [...inSyncReplicas, ...eligibleReplicas].filter((other) => other !== id)
    return others.length > 0 && this.#random.below(2) === 0
  }

  #restart(broker: ModelBroker, disk: 'intact' | 'wiped'): void {
    if (disk === 'wiped') broker.wipe()
    // Alterations of the earlier process may arrive yet: their answers find nobody.
    for (const alter of this.#alters) {
      if (alter.request.sender === broker.id) alter.isAbandoned = true
    }
    broker.isUp = true
    const has = disk === 'intact' ? 'everything' : 'lost-something'
    broker.epoch = this.#control.register(broker.id, has)
    broker.registeredAt = this.#control.row.partitionEpoch
  }

  #trim(broker: ModelBroker): void {
    if (broker.replicas === null) return
    broker.log.trimTo(this.#random.below(broker.log.highWatermark + 1))
  }

  #settle(broker: ModelBroker): void {
    broker.settleFollower()
    this.acknowledged += broker.advance(this.#nowMs).length
  }

  #broker(id: BrokerId): ModelBroker {
    const broker = this.#brokers.find((candidate) => candidate.id === id)
    assert(broker !== undefined, 'a broker of the cluster')
    return broker
  }

  /** Brokers hear of rows late, and never of some; the newest few are on their way. */
  #noteRow(): void {
    if (this.#rows.at(-1) !== this.#control.row) this.#rows.push(this.#control.row)
    if (this.#rows.length > 4) this.#rows.shift()
  }

  #check(): void {
    for (const broker of this.#brokers) this.#checkLog(broker)
    const { inSyncReplicas, eligibleReplicas } = this.#control.row
    for (const id of [...inSyncReplicas, ...eligibleReplicas]) this.#checkComplete(this.#broker(id))
    for (const { follower } of this.#brokers) {
      require(!follower?.problem, `a follower stopped: ${follower?.problem}`)
    }
  }

  /** Below its high watermark every replica has the one committed log (I2, I6). */
  #checkLog({ id, log }: ModelBroker): void {
    require(log.highWatermark <= log.durableEnd, `broker ${id} has committed more than it has`)
    for (let at: number = log.logStartOffset; at < log.highWatermark; at += 1) {
      const record = log.at(at)
      require(record !== null, `broker ${id} has a gap`)
      const known = this.#committed[at]
      if (known === undefined) this.#committed[at] = record
      else require(isSame(known, record), `broker ${id} disagrees at ${at}`)
    }
  }

  /** Who may be elected has every committed record on its disk (I1, I3). */
  #checkComplete({ id, log }: ModelBroker): void {
    const hasAll = log.durableEnd >= this.#committed.length
    require(hasAll, `broker ${id} may lead and lacks what is committed`)
    for (let at: number = log.logStartOffset; at < this.#committed.length; at += 1) {
      const [record, known] = [log.at(at), this.#committed[at]]
      if (record === null || known === undefined || isSame(record, known)) continue
      throw new Violation(`broker ${id} may lead and has another record at ${at}`)
    }
  }
}

function isSame(a: ModelRecord, b: ModelRecord): boolean {
  return a.epoch === b.epoch && a.value === b.value
}

function require(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Violation(what)
}

import { BusError, SeededRandom } from '@courant/kernel'
import {
  type AssignorName,
  type BegunPoll,
  Group,
  type MemberEvent,
  type Poll,
  type PollAnswer,
  PollNumbers,
  parseSubscription,
  type Topic,
} from '../../src/index.ts'
import { Checker, checkMemory, require } from './checker.ts'
import { ModelClient } from './model-client.ts'
import { keyOf, ModelDatabase } from './model-database.ts'
import { SessionWatch } from './session-watch.ts'

const SESSION_TIMEOUT_MS = 10_000
const REBALANCE_TIMEOUT_MS = 8_000
const OPEN_FOR_MS = 1_000
const SUBSCRIPTIONS = [
  { topics: ['a'] },
  { topics: ['a', 'b'] },
  { topics: ['b', 'c', 'later'] },
  { pattern: '[a-z]' },
  { topics: ['c'], pattern: 'l.*' },
].map((asked) => parseSubscription(asked))

/**
 * One group, its coordinator, which is lost now and then with or without its last transaction, and
 * clients whose commits come late and whose answers get lost. Every step is a choice of the seed.
 */
export class ModelGroup {
  readonly #random: SeededRandom
  readonly #clients = new Map<string, ModelClient>()
  readonly #checker = new Checker()
  readonly #sessions = new SessionWatch()
  readonly #crashes: number
  readonly #assignor: AssignorName
  #database = new ModelDatabase()
  #topics: Topic[] = []
  #shardEpoch = 1
  #numbers = new PollNumbers(1)
  #group: Group
  #nowMs = 1_000
  #lastNumber = 0
  #topicCount = 0
  #begun = new Map<ModelClient, BegunPoll>()
  commits = 0

  constructor(seed: number) {
    this.#random = new SeededRandom(seed)
    this.#crashes = this.#random.below(3) * 0.03
    this.#assignor = this.#random.below(3) === 0 ? 'range' : 'uniform'
    for (const name of ['a', 'b', 'c']) this.#addTopic(name)
    const count = 2 + this.#random.below(4)
    for (let index = 1; index <= count; index += 1) {
      this.#clients.set(`m${index}`, new ModelClient(`m${index}`, this.#anySubscription()))
    }
    this.#group = Group.create(
      { tenantId: 't', name: 'g', groupId: 'i' },
      this.#assignor,
      this.#ports,
    )
    this.#transact(() => {}, 'safe')
  }

  run(steps: number): void {
    for (let step = 0; step < steps; step += 1) {
      this.#nowMs += this.#random.below(this.#random.below(40) === 0 ? 12_000 : 400)
      this.#step()
    }
  }

  /** Nothing fails any more, and who has no poll open polls: all comes to rest. */
  settleDown(): void {
    for (let round = 0; round < 12; round += 1) {
      for (const client of this.#clients.values()) {
        const isDone = client.poll !== null && !this.#isBusy(client)
        if (!isDone) this.#transact(() => this.#poll(client, 'gives up'), 'safe')
        else if (client.poll?.mustAsk) this.#transact(() => this.#askAnew(client), 'safe')
      }
    }
    for (const { owner, target } of this.#database.partitions.values()) {
      require(owner === target, 'a partition does not reach its target')
    }
    const state = this.#group.summarize().state
    require(state === 'STABLE', `a group at rest is ${state}`)
    for (const topic of this.#topics) this.#checkIsRead(topic)
  }

  get #now() {
    return { wallMs: 1_700_000_000_000 + this.#nowMs, monotonicMs: this.#nowMs }
  }

  get #ports() {
    return { topics: this.#topics, pollNumbers: this.#numbers, now: this.#now }
  }

  #step(): void {
    const client = this.#anyClient()
    const dice = this.#random.below(100)
    if (dice < 22) this.#transact(() => this.#poll(client, this.#anyOf('keeps', 'gives up')))
    else if (dice < 42) this.#handOut(client)
    else if (dice < 60) this.#transact(() => this.#commit(client))
    else if (dice < 68) this.#transact(() => this.#acknowledgeAndPoll(client))
    else if (dice < 80) this.#askIfTold(client)
    else if (dice < 84) this.#heartbeat(client)
    else if (dice < 86) this.#transact(() => this.#leave(client))
    else if (dice < 89) client.subscription = this.#anySubscription()
    else if (dice < 92) this.#transact(() => this.#changeTopics())
    else if (dice < 93) this.#intrude(client)
    else if (dice < 94 && this.#random.below(8) === 0) this.#transact(() => this.#fence())
    else this.#transact(() => this.#sweep())
  }

  /** Applies, settles, writes, answers; the coordinator may be lost before or after the write. */
  #transact(act: () => void, mood: 'safe' | 'risky' = 'risky'): void {
    this.#begun.clear()
    act()
    if (this.#random.below(3) === 0 && mood === 'risky') {
      const other = this.#anyClient()
      if (!this.#begun.has(other)) this.#poll(other, 'keeps')
    }
    const { changes, events } = this.#group.settle(this.#now)
    const answers = [...this.#begun].map(([client, begun]) => {
      return { client, begun, answer: this.#answer(begun) }
    })
    const isRisky = mood === 'risky' && this.#random.next() < this.#crashes
    if (isRisky && this.#random.below(2) === 0) {
      this.#takeOver()
      return
    }
    const before = this.#database.copy()
    this.#database.write(changes)
    this.#checker.wrote(before, this.#database, this.#clients)
    this.#sessions.wrote(this.#database, this.#nowMs)
    if (isRisky) {
      this.#takeOver()
      return
    }
    this.#group.written(this.#now)
    checkMemory(this.#group.describe(this.#now), this.#database)
    for (const event of events) this.#deliver(event)
    for (const { client, answer } of answers) {
      if (answer === null) client.poll = null
      else client.answered(answer, (key) => this.#checker.tenureOf(key))
      if (client.poll !== null) client.poll.mustAsk = mayRelease(answer) && !this.#isBusy(client)
    }
  }

  #answer(begun: BegunPoll) {
    try {
      return this.#group.answerPoll(begun)
    } catch (error) {
      require(error instanceof BusError && isOver(error), 'an answer fails')
      return null
    }
  }

  /** By the same control plane or by another. Gateways ask anew for the polls that are open. */
  #takeOver(): void {
    if (this.#random.below(2) === 0) {
      this.#shardEpoch += 1
      this.#numbers = new PollNumbers(this.#shardEpoch)
    }
    this.#nowMs += this.#random.below(3) === 0 ? 15_000 : 0
    this.#group = Group.load(this.#database.stored, this.#ports)
    this.#sessions.loaded(this.#database, this.#nowMs)
    for (const [client] of this.#begun) client.poll = null
    for (const { poll } of this.#clients.values()) if (poll !== null) poll.mustAsk = true
    this.#begun.clear()
    this.#transact(() => {}, 'safe')
  }

  #deliver({ memberId, pollNumber, kind }: MemberEvent): void {
    const client = this.#clients.get(memberId)
    if (client?.poll?.number !== pollNumber) return
    if (kind === 'ASSIGNMENT_CHANGED') client.poll.mustAsk = true
    else client.poll = null
  }

  #poll(client: ModelClient, how: 'keeps' | 'gives up'): void {
    if (how === 'gives up') client.giveUp()
    this.#begin(client, 0, how === 'keeps')
  }

  #askIfTold(client: ModelClient): void {
    if (client.poll?.mustAsk) this.#transact(() => this.#askAnew(client))
  }

  #askAnew(client: ModelClient): void {
    this.#begin(client, client.poll?.number ?? 0, this.#isBusy(client))
  }

  /** Its gateway sees what it has handed out, still belongs to the member, and is not committed. */
  #isBusy({ inWork }: ModelClient): boolean {
    return [...inWork].some(([key, { tenure }]) => this.#checker.tenureOf(key) === tenure)
  }

  #begin(client: ModelClient, pollNumber: number, keepsPartitions: boolean): void {
    try {
      const begun = this.#group.beginPoll(
        { ...this.#pollOf(client), pollNumber, keepsPartitions },
        this.#now,
      )
      if (pollNumber === 0) {
        require(begun.number > this.#lastNumber, 'a poll has the number of an older one')
        this.#lastNumber = begun.number
      }
      client.poll = null
      this.#begun.set(client, begun)
      const endsAtMs = this.#nowMs + OPEN_FOR_MS + SESSION_TIMEOUT_MS
      this.#sessions.began(client.memberId, begun.number, endsAtMs)
    } catch (error) {
      require(error instanceof BusError && isOver(error), `a poll fails: ${error}`)
      client.poll = null
    }
  }

  #pollOf({ memberId, subscription }: ModelClient): Poll {
    return {
      memberId,
      principal: 'key',
      gatewayId: 'gateway',
      pollNumber: 0,
      subscription,
      assignor: null,
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
      rebalanceTimeoutMs: REBALANCE_TIMEOUT_MS,
      openForMs: OPEN_FOR_MS,
      keepsPartitions: false,
      clientAddress: '',
      clientSoftware: '',
    }
  }

  /** The end of the poll is told, or gets lost. */
  #handOut(client: ModelClient): void {
    if (client.poll === null) return
    const pollNumber = client.handOut(() => this.#random.below(3) > 0)
    if (this.#random.below(5) === 0) return
    this.#group.endPoll({ memberId: client.memberId, pollNumber }, this.#now)
    this.#sessions.ended(client.memberId, pollNumber, this.#nowMs + SESSION_TIMEOUT_MS)
  }

  /** Of any of its last tokens, be it late; with or without giving up what is in work. */
  #commit(client: ModelClient): void {
    const token = client.tokens[this.#random.below(client.tokens.length)]
    if (token === undefined) return
    const partitions = [...token.tenures.keys()].map(refOf)
    const verdict = this.#group.judgeCommit(
      { memberId: client.memberId, principal: 'key', memberEpoch: token.memberEpoch, partitions },
      this.#now,
    )
    this.#checker.judged(client.memberId, token, verdict)
    this.commits += 1
    const upToPoll = this.#random.below(3) === 0 ? 0 : token.pollNumber
    client.giveUp(upToPoll)
    if (verdict.kind === 'judged')
      this.#group.committed(client.memberId, { upToPoll, partitions: [] })
  }

  #acknowledgeAndPoll(client: ModelClient): void {
    this.#commit(client)
    this.#poll(client, 'keeps')
  }

  #heartbeat({ memberId, tokens }: ModelClient): void {
    const memberEpoch = tokens.at(-1)?.memberEpoch ?? 0
    const beat = { memberId, principal: 'key', memberEpoch, openForMs: 0 }
    if (this.#group.heartbeat(beat, this.#now) === null) return
    this.#sessions.heard(memberId, this.#nowMs + SESSION_TIMEOUT_MS)
  }

  #leave(client: ModelClient): void {
    this.#group.leave({ memberId: client.memberId, principal: 'key' }, this.#now)
    this.#sessions.left(client.memberId)
  }

  #fence(): void {
    this.#group.fenceAll(this.#now)
    for (const memberId of this.#clients.keys()) this.#sessions.left(memberId)
  }

  #sweep(): void {
    this.#group.sweep(this.#now)
    const left = new Set(this.#group.describe(this.#now).memberList.map(({ memberId }) => memberId))
    this.#sessions.swept(left, REBALANCE_TIMEOUT_MS, this.#nowMs)
  }

  #intrude(client: ModelClient): void {
    if (!this.#database.members.has(client.memberId)) return
    let code = 'none'
    try {
      this.#group.beginPoll({ ...this.#pollOf(client), principal: 'another' }, this.#now)
    } catch (error) {
      code = BusError.from(error).code
    }
    require(code === 'MEMBER_ID_IN_USE', 'a member is taken over by another principal')
  }

  #changeTopics(): void {
    const dice = this.#random.below(4)
    const chosen = this.#topics[this.#random.below(this.#topics.length)]
    const name = this.#anyOf('a', 'b', 'later', 'x')
    if (dice === 0 && !this.#topics.some((topic) => topic.name === name)) this.#addTopic(name)
    else if (dice === 1) this.#topics = this.#topics.filter((topic) => topic !== chosen)
    else {
      this.#topics = this.#topics.map((topic) =>
        topic === chosen ? { ...topic, partitions: Math.min(9, topic.partitions + 1) } : topic,
      )
    }
    this.#group.setTopics(this.#topics)
  }

  #addTopic(name: string): void {
    this.#topicCount += 1
    const partitions = 1 + this.#random.below(6)
    this.#topics = [...this.#topics, { topicId: `id${this.#topicCount}`, name, partitions }]
  }

  /** Whatever somebody subscribes to has an owner who does. */
  #checkIsRead({ topicId, name, partitions }: Topic): void {
    const isMeant = ({ topics, pattern }: { topics: readonly string[]; pattern: string }) =>
      topics.includes(name) || (pattern !== '' && new RegExp(`^(?:${pattern})$`).test(name))
    const members = [...this.#database.members.values()]
    const isWanted = members.some(({ subscription }) => isMeant(subscription))
    for (let partition = 0; partition < partitions; partition += 1) {
      const owner = this.#database.partitions.get(keyOf({ topicId, partition }))?.owner ?? ''
      const subscription = this.#database.members.get(owner)?.subscription
      require((subscription !== undefined) === isWanted, 'a partition has no owner')
      require(subscription === undefined || isMeant(subscription), 'an owner does not subscribe')
    }
  }

  #anyClient(): ModelClient {
    return this.#anyOf(...this.#clients.values())
  }

  #anySubscription() {
    return this.#anyOf(...SUBSCRIPTIONS)
  }

  #anyOf<T>(...choices: readonly T[]): T {
    return choices[this.#random.below(choices.length)] as T
  }
}

/** It still owns what it is to release. */
function mayRelease(answer: PollAnswer | null): boolean {
  const owned = new Set(
    answer?.assignment.flatMap(({ topicId, partitions }) =>
      partitions.map(({ partition }) => keyOf({ topicId, partition })),
    ),
  )
  return (answer?.revoked ?? []).some(({ topicId, partitions }) =>
    partitions.some((partition) => owned.has(keyOf({ topicId, partition }))),
  )
}

function isOver({ code }: BusError): boolean {
  return code === 'LEASE_EXPIRED' || code === 'POLL_SUPERSEDED'
}

function refOf(key: string) {
  const [topicId = '', partition] = key.split('/')
  return { topicId, partition: Number(partition) }
}

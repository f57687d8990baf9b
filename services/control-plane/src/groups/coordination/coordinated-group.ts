import {
  type Commit,
  Group,
  type GroupPorts,
  isEmpty,
  type MemberEvent,
  type Now,
  type PartitionRef,
} from '@courant/group'
import { BusError, type Clock, isUuid, limits, type Random } from '@courant/kernel'
import type { Cluster } from '../../cluster.ts'
import { tenantNotFound } from '../../tenants/tenant-id.ts'
import type { ShardTerm } from '../leases/shard-term.ts'
import { type ReadGroup, readGroup } from '../rows/read-groups.ts'
import { CommittedOffsets } from './committed-offsets.ts'
import type { GroupWriter } from './group-writer.ts'
import { Latch } from './latch.ts'
import type { TopicCatalog } from './topic-catalog.ts'

/** What all groups of a coordinator share. */
export interface GroupSurroundings {
  readonly cluster: Cluster
  readonly catalog: TopicCatalog
  readonly writer: GroupWriter
  readonly clock: Clock
  readonly random: Random
  /** To be told once what they speak of is durable. */
  readonly tell: (group: CoordinatedGroup, events: readonly MemberEvent[]) => void
}

/** A group as memory has it: what its rows say, and the sessions. */
export interface Loaded {
  readonly group: Group
  readonly offsets: CommittedOffsets
}

/** An offset to commit. */
export interface PartitionCommit extends PartitionRef {
  /** The next one to read. */
  readonly offset: number
  readonly leaderEpoch: number
  readonly metadata: string
}

/** One event of a group, applied with others in one transaction. */
export interface Step<Answer> {
  /** Makes the group if there is none. Otherwise GROUP_NOT_FOUND. */
  readonly makesGroup?: true
  /** Applies it; what it returns is asked for the answer when the group has settled. */
  apply(loaded: Loaded, now: Now): () => Answer
}

interface WaitingStep {
  readonly step: Step<unknown>
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: unknown) => void
}

interface Waiting {
  readonly run: (loaded: Loaded | null) => void | Promise<void>
  readonly reject: (error: unknown) => void
}

/**
 * One group during one term of its shard: its memory, and the order in which things happen to it.
 *
 * Steps change the group, one batch after the other, each answered when its rows are durable.
 * Commits change no owner, so that many run side by side; but a step waits until they have ended,
 * and they wait for a step. Like readers and a writer of a lock: what a commit was judged by holds
 * until it is durable (B13.7).
 *
 * Whatever fails, memory is thrown away and read anew: it is never ahead of its rows, nor behind.
 */
export class CoordinatedGroup {
  readonly tenantId: string
  readonly name: string
  readonly term: ShardTerm
  readonly #around: GroupSurroundings
  readonly #underWay = new Latch()
  /** Null: not in memory. */
  #memory: { readonly loaded: Loaded | null } | null = null
  #isSettled = false
  #steps: WaitingStep[] = []
  #alone: Waiting[] = []
  #looks: Waiting[] = []
  #isRunning = false
  /** As of when it was looked for and not found. */
  #groupsOfTenant = 0

  constructor(
    id: { readonly tenantId: string; readonly name: string; readonly term: ShardTerm },
    around: GroupSurroundings,
  ) {
    this.tenantId = id.tenantId
    this.name = id.name
    this.term = id.term
    this.#around = around
  }

  /** With the shard, when it is taken over. */
  adopt(read: ReadGroup): void {
    if (this.#memory === null && !this.#isRunning) this.#remember(read)
    this.#wake()
  }

  /** Applies it with whatever else waits. Throws what it throws, and what the write says. */
  change<Answer>(step: Step<Answer>): Promise<Answer> {
    return this.#enqueue((resolve, reject) => {
      this.#steps.push({ step, resolve: resolve as (answer: unknown) => void, reject })
    })
  }

  /** With nothing else under way. Null: there is no such group. Forgets the group afterwards. */
  alone<Answer>(work: (loaded: Loaded | null) => Promise<Answer>): Promise<Answer> {
    return this.#enqueue((resolve, reject) => {
      const run = async (loaded: Loaded | null): Promise<void> => {
        try {
          resolve(await work(loaded))
        } finally {
          this.#forget()
        }
      }
      this.#alone.push({ run, reject })
    })
  }

  /**
   * From memory, when that is what the rows say. What it returns may go on: until it has ended, no
   * step begins. Null: there is no such group.
   */
  look<Answer>(
    work: (loaded: Loaded | null, now: Now) => Answer | Promise<Answer>,
  ): Promise<Answer> {
    return this.#enqueue((resolve, reject) => {
      const run = (loaded: Loaded | null): void => {
        const leave = this.#underWay.enter()
        const ended = async (): Promise<Answer> => work(loaded, this.#now())
        ended().then(resolve, reject).finally(leave)
      }
      this.#looks.push({ run, reject })
    })
  }

  /**
   * Durable when it resolves, as far as the member owns what it commits: `refused` is what it does
   * not. Never moves an offset back; `isNews` if it moved one at all. Throws LEASE_EXPIRED when it is
   * no member, or its epoch is not one that it was given.
   */
  commit(
    lease: Omit<Commit, 'partitions'>,
    partitions: readonly PartitionCommit[],
    releasesUpToPoll: number,
  ): Promise<{ readonly refused: readonly PartitionRef[]; readonly isNews: boolean }> {
    return this.look(async (loaded, now) => {
      const verdict = loaded?.group.judgeCommit({ ...lease, partitions }, now)
      if (loaded === null || verdict?.kind !== 'judged') throw leaseExpired()
      const refused = new Set<PartitionRef>(verdict.refused)
      const news = partitions.filter(
        (each) => !refused.has(each) && each.offset > (loaded.offsets.at(each)?.offset ?? -1),
      )
      if (news.length === 0) this.term.check()
      else await this.#writeCommit(loaded, news)
      this.#committed(loaded.group, lease.memberId, releasesUpToPoll)
      return { refused: verdict.refused, isNews: news.length > 0 }
    })
  }

  /** Now and then: expires sessions; answers whether there is a reason to keep the group in memory. */
  tick(now: Now): boolean {
    if (this.#isRunning) return true
    if (this.#memory === null) this.#wake()
    const group = this.#memory?.loaded?.group
    if (group !== undefined && group.nextDeadlineMs <= now.monotonicMs) {
      this.#background({
        apply: (loaded) => {
          loaded.group.sweep(this.#now())
          return () => {}
        },
      })
    }
    return this.#isRunning || (group?.memberCount ?? 0) > 0 || !this.#underWay.isFree
  }

  /** The tenant's topics are others than before. */
  refreshTopics(): void {
    if (this.#memory?.loaded === undefined || this.#memory.loaded === null) return
    this.#background({
      apply: ({ group, offsets }) => {
        const topics = this.#around.catalog.topicsOf(this.tenantId)
        group.setTopics(topics)
        offsets.keepOnly(new Set(topics.map(({ topicId }) => topicId)))
        return () => {}
      },
    })
  }

  /** Rows may be others than memory has: the next one who asks reads them. */
  forget(): void {
    this.#forget()
  }

  /** Resolves when nothing waits and nothing is under way. */
  async idle(): Promise<void> {
    await this.look(() => {}).catch(() => {})
    await this.#underWay.free()
  }

  #background(step: Step<void>): void {
    // Nobody waits for it: a group that could not be written is read anew, and is due again.
    this.change(step).catch(() => {})
  }

  #enqueue<Answer>(
    push: (resolve: (answer: Answer) => void, reject: (error: unknown) => void) => void,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const waiting = this.#steps.length + this.#looks.length + this.#alone.length
      if (waiting >= limits.groupCallsWaitingMax) {
        throw new BusError('BUSY', 'Too many calls wait for the group.')
      }
      push(resolve, reject)
      this.#wake()
    })
  }

  #wake(): void {
    if (this.#isRunning) return
    if (this.#runLooksAtOnce()) return
    this.#isRunning = true
    void this.#run()
  }

  /** The common case, a sign of life or a commit, waits for nothing. */
  #runLooksAtOnce(): boolean {
    if (this.#memory === null || !this.#isSettled || !this.term.isHeld) return false
    if (this.#steps.length > 0 || this.#alone.length > 0) return false
    this.#runLooks(this.#memory.loaded)
    return true
  }

  async #run(): Promise<void> {
    do {
      try {
        await this.#underWay.free()
        this.term.check()
        const { loaded } = this.#memory ?? (await this.#load())
        this.term.check()
        if (this.#steps.length > 0 || !this.#isSettled) await this.#runSteps(loaded)
        else if (this.#alone.length > 0) await this.#runAlone(loaded)
        if (this.#memory !== null) this.#runLooks(this.#memory.loaded)
      } catch (error) {
        this.#rejectAll(error)
      }
    } while (this.#steps.length + this.#alone.length + this.#looks.length > 0)
    this.#isRunning = false
  }

  async #load(): Promise<{ readonly loaded: Loaded | null }> {
    if (!isUuid(this.tenantId)) throw tenantNotFound()
    const { cluster, catalog } = this.#around
    const reading = await readGroup(cluster.database, this.tenantId, this.name)
    if (!reading.tenantExists) throw tenantNotFound()
    await catalog.atLeast(reading.metadataVersion)
    this.#groupsOfTenant = reading.groupsOfTenant
    const [read] = reading.groups
    if (read !== undefined) return this.#remember(read)
    this.#memory = { loaded: null }
    this.#isSettled = true
    return this.#memory
  }

  #remember({ stored, offsets }: ReadGroup): { readonly loaded: Loaded | null } {
    this.#memory = { loaded: { group: Group.load(stored, this.#groupPorts()), offsets } }
    this.#isSettled = false
    return this.#memory
  }

  #make(): Loaded {
    const max = limits.groupsPerTenantMax
    // Those that are made side by side may go beyond it by their number: it has to end a loop.
    if (this.#groupsOfTenant >= max) {
      throw new BusError('INVALID_ARGUMENT', `A tenant has at most ${max} groups. Delete some.`)
    }
    const { tenantId, name } = this
    const id = { tenantId, name, groupId: this.#around.random.uuid() }
    const group = Group.create(id, 'uniform', this.#groupPorts())
    return { group, offsets: new CommittedOffsets([]) }
  }

  async #runSteps(known: Loaded | null): Promise<void> {
    const batch = this.#steps.splice(0)
    const loaded = known ?? (batch.some(({ step }) => step.makesGroup) ? this.#make() : null)
    if (loaded === null) return rejectEach(batch, groupNotFound())
    try {
      const answers = this.#apply(loaded, batch)
      if (known === null && answers.length === 0) return
      const { changes, events } = loaded.group.settle(this.#now())
      const answered = answers.map(({ waiting, answer }) => [waiting, attempt(answer)] as const)
      if (isEmpty(changes)) this.term.check()
      else await this.#write(loaded.group, changes)
      this.#memory = { loaded }
      this.#isSettled = true
      for (const [{ resolve, reject }, outcome] of answered) {
        if (outcome.isAnswer) resolve(outcome.answer)
        else reject(outcome.error)
      }
      this.#around.tell(this, events)
    } catch (error) {
      this.#forget()
      rejectEach(batch, error)
    }
  }

  #apply(loaded: Loaded, batch: readonly WaitingStep[]) {
    const applied: { waiting: WaitingStep; answer: () => unknown }[] = []
    for (const waiting of batch) {
      try {
        applied.push({ waiting, answer: waiting.step.apply(loaded, this.#now()) })
      } catch (error) {
        // Refused before it has changed anything.
        if (!(error instanceof BusError)) throw error
        waiting.reject(error)
      }
    }
    return applied
  }

  #write(group: Group, changes: Parameters<GroupWriter['writeGroup']>[0]['changes']) {
    const { tenantId, term } = this
    const { groupId } = group
    return this.#around.writer.writeGroup({ term, groupId, tenantId, shard: term.shard, changes })
  }

  async #writeCommit(
    { group: { groupId }, offsets }: Loaded,
    partitions: readonly PartitionCommit[],
  ): Promise<void> {
    const { tenantId, term } = this
    const rows = partitions.map((each) => ({ ...each, groupId, tenantId }))
    try {
      await this.#around.writer.writeCommit({ term, rows })
    } catch (error) {
      // It may have been written for all we know.
      this.#forget()
      throw error
    }
    for (const row of rows) offsets.raise(row)
  }

  /** The member's next poll waits for what this frees; the commit need not, and is durable. */
  #committed(group: Group, memberId: string, upToPoll: number): void {
    if (!group.owesPartitions(memberId)) {
      group.committed(memberId, upToPoll)
      return
    }
    this.#background({
      apply: (loaded) => {
        loaded.group.committed(memberId, upToPoll)
        return () => {}
      },
    })
  }

  async #runAlone(loaded: Loaded | null): Promise<void> {
    const next = this.#alone.shift()
    await Promise.resolve(next?.run(loaded)).catch((error: unknown) => next?.reject(error))
  }

  #runLooks(loaded: Loaded | null): void {
    for (const { run } of this.#looks.splice(0)) void run(loaded)
  }

  #forget(): void {
    this.#memory = null
    this.#isSettled = false
  }

  #rejectAll(error: unknown): void {
    rejectEach(this.#steps.splice(0), error)
    rejectEach(this.#alone.splice(0), error)
    rejectEach(this.#looks.splice(0), error)
  }

  #now(): Now {
    const { clock } = this.#around
    return { wallMs: clock.now(), monotonicMs: clock.monotonicMs() }
  }

  #groupPorts(): GroupPorts {
    return {
      topics: this.#around.catalog.topicsOf(this.tenantId),
      pollNumbers: this.term.pollNumbers,
      now: this.#now(),
    }
  }
}

export function groupNotFound(): BusError {
  return new BusError('GROUP_NOT_FOUND', 'There is no such consumer group.')
}

function leaseExpired(): BusError {
  return new BusError('LEASE_EXPIRED', 'The member is not in the group any more.')
}

type Outcome =
  | { readonly isAnswer: true; readonly answer: unknown }
  | { readonly isAnswer: false; readonly error: unknown }

/** A poll of the batch may be over by another one of it. */
function attempt(answer: () => unknown): Outcome {
  try {
    return { isAnswer: true, answer: answer() }
  } catch (error) {
    if (!(error instanceof BusError)) throw error
    return { isAnswer: false, error }
  }
}

function rejectEach(
  waiting: readonly { readonly reject: (error: unknown) => void }[],
  error: unknown,
): void {
  for (const { reject } of waiting) reject(error)
}

import {
  type Commit,
  type CommitReleases,
  type Group,
  isEmpty,
  type Now,
  type PartitionRef,
} from '@courant/group'
import { BusError, limits } from '@courant/kernel'
import type { ShardTerm } from '../leases/shard-term.ts'
import type { ReadGroup } from '../rows/read-groups.ts'
import { type GroupId, GroupMemory, type Loaded } from './group-memory.ts'
import type { GroupSurroundings } from './group-surroundings.ts'
import { Latch } from './latch.ts'
import { type Step, StepBatch, type WaitingStep } from './step-batch.ts'

/** An offset to commit. */
export interface PartitionCommit extends PartitionRef {
  /** The next one to read. */
  readonly offset: number
  readonly leaderEpoch: number
  readonly metadata: string
}

interface Waiting {
  readonly run: (loaded: Loaded | null) => Promise<void>
  readonly reject: (error: unknown) => void
}

/**
 * One group during one term of its shard: its memory, and the order in which things happen to it.
 *
 * Steps change the group, one batch after the other, each answered when its rows are durable. Looks
 * change no owner, so that many run side by side, commits above all; but a step waits until they
 * have ended, and they wait for a step. Like readers and a writer of a lock: what a commit was
 * judged by holds until it is durable (B13.7).
 *
 * Whatever fails, memory is thrown away and read anew: it is never ahead of its rows, nor behind.
 */
export class CoordinatedGroup {
  readonly tenantId: string
  readonly name: string
  readonly term: ShardTerm
  readonly #around: GroupSurroundings
  readonly #memory: GroupMemory
  readonly #looking = new Latch()
  #steps: WaitingStep[] = []
  #alone: Waiting[] = []
  #looks: Waiting[] = []
  #isRunning = false

  constructor(id: GroupId, around: GroupSurroundings) {
    this.tenantId = id.tenantId
    this.name = id.name
    this.term = id.term
    this.#around = around
    this.#memory = new GroupMemory(id, around)
  }

  /** With the shard, when it is taken over. */
  adopt(read: ReadGroup): void {
    if (this.#memory.known === null && !this.#isRunning) this.#memory.remember(read)
    this.#wake()
  }

  /** Applies it with whatever else waits. Throws what it throws, and what the write says. */
  change<Answer>(step: Step<Answer>): Promise<Answer> {
    return this.#enqueue((resolve, reject) => {
      this.#steps.push({ step, resolve: resolve as (answer: unknown) => void, reject })
    })
  }

  /**
   * With nothing else under way: `judge` throws, or returns what writes, after which the group is
   * read anew. Null: there is no such group.
   */
  alone<Answer>(judge: (loaded: Loaded | null) => () => Promise<Answer>): Promise<Answer> {
    return this.#enqueue((resolve, reject) => {
      const run = async (loaded: Loaded | null): Promise<void> => {
        try {
          const write = judge(loaded)
          this.#memory.forget()
          resolve(await write())
        } catch (error) {
          reject(error)
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
      const run = async (loaded: Loaded | null): Promise<void> => {
        const leave = this.#looking.enter()
        try {
          resolve(await work(loaded, this.#around.now()))
        } catch (error) {
          reject(error)
        } finally {
          leave()
        }
      }
      this.#looks.push({ run, reject })
    })
  }

  /**
   * Durable when it resolves, as far as the member owns what it commits: `refused` is what it does
   * not. Never moves an offset back; `isNews` if it moved one at all. Throws LEASE_EXPIRED when it
   * is no member, or its epoch is not one that it was given.
   */
  commit(
    lease: Omit<Commit, 'partitions'>,
    partitions: readonly PartitionCommit[],
    releases: CommitReleases,
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
      this.#committed(loaded.group, lease.memberId, releases)
      return { refused: verdict.refused, isNews: news.length > 0 }
    })
  }

  /** Now and then: expires sessions. Answers whether the group is to stay in memory. */
  tick(now: Now): boolean {
    if (this.#isRunning || !this.#looking.isFree) return true
    const known = this.#memory.known
    // It could not be written or read: its sessions must run on.
    if (known === null) this.#wake()
    const group = known?.loaded?.group
    if (group !== undefined && group.nextDeadlineMs <= now.monotonicMs) {
      this.#background((loaded) => loaded.group.sweep(now))
    }
    return this.#isRunning || (group?.memberCount ?? 0) > 0
  }

  /** The tenant's topics are others than before. */
  refreshTopics(): void {
    // What is not in memory is read with the topics of then.
    if (this.#memory.known === null || this.#memory.known.loaded === null) return
    this.#background(({ group, offsets }) => {
      const topics = this.#around.catalog.topicsOf(this.tenantId)
      group.setTopics(topics)
      offsets.keepOnly(new Set(topics.map(({ topicId }) => topicId)))
    })
  }

  /** Resolves when nothing waits and nothing is under way. */
  async idle(): Promise<void> {
    await this.look(() => {}).catch(() => {})
    await this.#looking.free()
  }

  /** Nobody waits for it: a group that could not be written is read anew, and is due again. */
  #background(act: (loaded: Loaded) => void): void {
    const apply = (loaded: Loaded): (() => void) => {
      act(loaded)
      return () => {}
    }
    this.change({ apply }).catch(() => {})
  }

  #enqueue<Answer>(
    push: (resolve: (answer: Answer) => void, reject: (error: unknown) => void) => void,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#waiting >= limits.groupCallsWaitingMax) {
        throw new BusError('BUSY', 'Too many calls wait for the group.')
      }
      push(resolve, reject)
      this.#wake()
    })
  }

  get #waiting(): number {
    return this.#steps.length + this.#alone.length + this.#looks.length
  }

  #wake(): void {
    if (this.#isRunning || this.#lookAtOnce()) return
    this.#isRunning = true
    void this.#run()
  }

  /** The common case, a sign of life or a commit, waits for nothing. */
  #lookAtOnce(): boolean {
    const { known, isSettled } = this.#memory
    if (known === null || !isSettled || !this.term.isHeld) return false
    if (this.#steps.length > 0 || this.#alone.length > 0) return false
    this.#runLooks()
    return true
  }

  async #run(): Promise<void> {
    do {
      try {
        await this.#looking.free()
        this.term.check()
        const loaded = this.#memory.known?.loaded ?? (await this.#load())
        this.term.check()
        if (this.#steps.length > 0 || !this.#memory.isSettled) await this.#runSteps(loaded)
        else await this.#alone.shift()?.run(loaded)
        this.#runLooks()
      } catch (error) {
        this.#rejectAll(error)
      }
    } while (this.#waiting > 0)
    this.#isRunning = false
  }

  async #load(): Promise<Loaded | null> {
    return this.#memory.known === null ? await this.#memory.load() : null
  }

  async #runSteps(known: Loaded | null): Promise<void> {
    const batch = new StepBatch(this.#steps.splice(0))
    if (known === null && !batch.makesGroup) {
      batch.reject(groupNotFound())
      return
    }
    try {
      const loaded = known ?? this.#memory.make()
      // A group that nobody may join is not made.
      if (!batch.apply(loaded, this.#around.now()) && known === null) return
      const { changes, events } = loaded.group.settle(this.#around.now())
      batch.takeAnswers()
      if (isEmpty(changes)) this.term.check()
      else await this.#write(loaded.group, changes)
      loaded.group.written(this.#around.now())
      this.#memory.settled(loaded)
      batch.answer()
      this.#around.tell(this, events)
    } catch (error) {
      this.#memory.forget()
      batch.reject(error)
    }
  }

  #write({ groupId }: Group, changes: ReturnType<Group['settle']>['changes']): Promise<void> {
    const { tenantId, term } = this
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
      this.#memory.forget()
      throw error
    }
    for (const row of rows) offsets.raise(row)
  }

  /** The member's next poll waits for what this frees; the commit need not, and is durable. */
  #committed(group: Group, memberId: string, releases: CommitReleases): void {
    if (group.owesPartitions(memberId)) {
      this.#background((loaded) => loaded.group.committed(memberId, releases))
    } else group.committed(memberId, releases)
  }

  #runLooks(): void {
    const { known } = this.#memory
    if (known === null) return
    for (const { run } of this.#looks.splice(0)) void run(known.loaded)
  }

  #rejectAll(error: unknown): void {
    const waiting = [...this.#steps.splice(0), ...this.#alone.splice(0), ...this.#looks.splice(0)]
    for (const { reject } of waiting) reject(error)
  }
}

export function groupNotFound(): BusError {
  return new BusError('GROUP_NOT_FOUND', 'There is no such consumer group.')
}

function leaseExpired(): BusError {
  return new BusError('LEASE_EXPIRED', 'The member is not in the group any more.')
}

import type { BeginPollResponse } from '@courant/api/internal/v1/group'
import { type TopicId, topicId } from '@courant/kernel'
import type { LeasedTopic, LeaseToken } from '../tokens/lease-token.ts'

/** Where a member reads in a partition that it owns. */
export interface MemberPosition {
  readonly topicId: TopicId
  readonly topic: string
  readonly partition: number
  readonly assignmentEpoch: number
  /** Null: nothing was ever committed. */
  committed: number | null
  /** The next to read; null until the rule of `autoOffsetReset` has given one. */
  next: number | null
  /** Of the record before it; -1 if unknown. */
  leaderEpoch: number
}

/** A position that is known. */
export type ReadPosition = MemberPosition & { offset: number }

/**
 * What a member owns and may read, and where it is in it. What it is to give away is not read any
 * more, but stays in the token as long as it is in work.
 */
export class MemberPositions {
  #owned = new Map<string, MemberPosition>()
  #revoked = new Set<string>()
  /** Ids of the topics of what is owned, by name. */
  #topicIds = new Map<string, string>()

  /** In the order of topic names and partitions; without what is to be given away. */
  get readable(): MemberPosition[] {
    const revoked = this.#revoked
    return [...this.#owned].filter(([key]) => !revoked.has(key)).map(([, position]) => position)
  }

  /** Still owned, and to be given away. */
  get revoking(): MemberPosition[] {
    return [...this.#revoked].flatMap((key) => this.#owned.get(key) ?? [])
  }

  /** Null: it is not the member's. */
  find(topic: string, partition: number): MemberPosition | null {
    const id = this.#topicIds.get(topic)
    return id === undefined ? null : (this.#owned.get(keyOf(id, partition)) ?? null)
  }

  isOwned(position: MemberPosition): boolean {
    return this.#owned.get(keyOf(position.topicId, position.partition)) === position
  }

  /** Takes on what the coordinator says; what was owned before goes on where it is. */
  update({ assignment, revoked }: Pick<BeginPollResponse, 'assignment' | 'revoked'>): void {
    const before = this.#owned
    this.#owned = new Map()
    this.#topicIds = new Map(assignment.map((of) => [of.topic, of.topicId]))
    for (const { topicId: id, topic, partitions } of assignment) {
      for (const {
        partition,
        assignmentEpoch,
        committedOffset,
        committedLeaderEpoch,
      } of partitions) {
        const key = keyOf(id, partition)
        const known = before.get(key)
        if (known?.assignmentEpoch === assignmentEpoch) {
          if (committedOffset !== undefined) {
            known.committed = Math.max(known.committed ?? 0, committedOffset)
          }
          this.#owned.set(key, known)
          continue
        }
        this.#owned.set(key, {
          topicId: topicId(id),
          topic,
          partition,
          assignmentEpoch,
          committed: committedOffset ?? null,
          next: committedOffset ?? null,
          leaderEpoch: committedOffset === undefined ? -1 : committedLeaderEpoch,
        })
      }
    }
    this.#revoked = new Set(
      revoked.flatMap((of) => of.partitions.map((partition) => keyOf(of.topicId, partition))),
    )
  }

  /**
   * Goes on behind the token. A position of a partition that was lost and came back counts no more,
   * nor one that is behind the committed.
   */
  resume(token: LeaseToken): void {
    this.#forEach(token, (position, offset, leaderEpoch) => {
      if (offset <= (position.committed ?? -1)) return
      position.next = offset
      position.leaderEpoch = leaderEpoch
    })
  }

  /** All that the token names is committed. */
  committed(token: LeaseToken): void {
    this.#forEach(token, (position, offset) => {
      position.committed = Math.max(position.committed ?? 0, offset)
    })
  }

  /** Whether all that was handed out up to there is committed, or is others' by now. */
  isSettled(reached: ReadonlyMap<string, number>): boolean {
    for (const [key, offset] of reached) {
      const position = this.#owned.get(key)
      if (position !== undefined && (position.committed ?? 0) < offset) return false
    }
    return true
  }

  /** For the next token: where the position is not the committed one. */
  uncommitted(): LeasedTopic[] {
    const topics = new Map<
      string,
      { topicId: string; partitions: LeasedTopic['partitions'][number][] }
    >()
    for (const { topicId: id, partition, next, committed, leaderEpoch } of this.#owned.values()) {
      if (next === null || next === committed) continue
      const topic = topics.get(id) ?? { topicId: id, partitions: [] }
      topics.set(id, topic)
      topic.partitions.push({ partition, offset: next, leaderEpoch })
    }
    return [...topics.values()]
  }

  #forEach(
    { topics, memberEpoch }: LeaseToken,
    visit: (position: MemberPosition, offset: number, leaderEpoch: number) => void,
  ): void {
    for (const { topicId: id, partitions } of topics) {
      for (const { partition, offset, leaderEpoch } of partitions) {
        const position = this.#owned.get(keyOf(id, partition))
        if (position === undefined || position.assignmentEpoch > memberEpoch) continue
        visit(position, offset, leaderEpoch)
      }
    }
  }
}

export function keyOf(id: string, partition: number): string {
  return `${id}/${partition}`
}

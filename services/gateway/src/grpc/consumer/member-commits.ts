import type { TopicOffsets, TopicPartitions } from '@courant/api/internal/v1/group'
import type { CommittedOffset } from '@courant/api/v1/consumer_service'
import { BusError } from '@courant/kernel'
import type { Coordinators } from '../../groups/coordinators/coordinators.ts'
import { memberRef } from '../../groups/poll/member-lease.ts'
import { keyOf, type MemberPosition } from '../../groups/poll/member-positions.ts'
import { problemMessage } from '../records/problem-message.ts'
import type { ConsumerMember } from './consumer-member.ts'
import type { Outlet } from './outlet.ts'

interface Wanted {
  readonly offset: number
  readonly metadata: string
}

export interface MemberCommitsParts {
  readonly coordinators: Coordinators
  readonly member: ConsumerMember
  readonly outlet: Outlet
  /** On the monotonic clock: how long to wait for a coordinator from now on. */
  readonly deadlineMs: () => number
  /** The stream cannot go on. */
  readonly onFailure: (error: unknown) => void
}

/**
 * What a member acknowledges and gives away, on its way to the coordinator: one commit at a time,
 * and what comes meanwhile is the next one. Held are the last offset of each partition, however
 * many acknowledgements there are.
 */
export class MemberCommits {
  readonly #parts: MemberCommitsParts
  #offsets = new Map<MemberPosition, Wanted>()
  #releases = new Set<MemberPosition>()
  #running: Promise<void> | null = null

  constructor(parts: MemberCommitsParts) {
    this.#parts = parts
  }

  acknowledge(position: MemberPosition, offset: number, metadata: string): void {
    const known = this.#offsets.get(position)
    if (known === undefined || known.offset <= offset) {
      this.#offsets.set(position, { offset, metadata })
    }
    this.#parts.member.delivered.acknowledge(position, offset)
  }

  release(position: MemberPosition): void {
    this.#releases.add(position)
  }

  /** Resolves when all so far is durable and told, or the stream has failed. */
  flush(): Promise<void> {
    if (this.#running === null && this.#isEmpty) return Promise.resolve()
    this.#running ??= this.#run()
    return this.#running
  }

  get #isEmpty(): boolean {
    return this.#offsets.size === 0 && this.#releases.size === 0
  }

  async #run(): Promise<void> {
    try {
      while (!this.#isEmpty) {
        const offsets = this.#offsets
        const releases = this.#releases
        this.#offsets = new Map()
        this.#releases = new Set()
        await this.#commit(offsets, releases)
      }
    } catch (error) {
      this.#parts.onFailure(error)
    } finally {
      this.#running = null
    }
  }

  async #commit(
    offsets: ReadonlyMap<MemberPosition, Wanted>,
    releases: ReadonlySet<MemberPosition>,
  ): Promise<void> {
    const { coordinators, member, outlet, deadlineMs } = this.#parts
    const { lease, handover } = member
    const ref = memberRef(lease.request)
    const commit = {
      member: ref,
      memberEpoch: lease.memberEpoch,
      topics: this.#topicsOf(offsets),
      releasesUpToPoll: 0,
      releases: releasesOf(releases),
    }
    const result = await coordinators.commit(ref, commit, { deadlineMs: deadlineMs() })
    if (result.errorCode !== '') throw new BusError('LEASE_EXPIRED', 'The member has expired.')
    const refused = new Set(result.errors.map((each) => keyOf(each.topicId, each.partition)))
    const told: CommittedOffset[] = []
    for (const [position, { offset }] of offsets) {
      const isRefused = refused.has(keyOf(position.topicId, position.partition))
      if (!isRefused) position.committed = Math.max(position.committed ?? 0, offset)
      const problem = isRefused ? problemMessage(lost(position)) : undefined
      told.push({ topic: position.topic, partition: position.partition, offset, problem })
    }
    for (const position of releases) handover.told(position)
    if (releases.size > 0) {
      lease.open.add('assignmentChanged')
      member.wake()
    }
    if (told.length > 0) await outlet.send({ $case: 'committed', value: { offsets: told } })
  }

  #topicsOf(offsets: ReadonlyMap<MemberPosition, Wanted>): TopicOffsets[] {
    const { delivered } = this.#parts.member
    const topics = new Map<string, TopicOffsets>()
    for (const [position, { offset, metadata }] of offsets) {
      const { topicId, partition } = position
      const topic = topics.get(topicId) ?? { topicId, partitions: [] }
      topics.set(topicId, topic)
      const leaderEpoch = delivered.leaderEpochBefore(position, offset)
      topic.partitions.push({ partition, offset, leaderEpoch, metadata })
    }
    return [...topics.values()]
  }
}

function releasesOf(releases: ReadonlySet<MemberPosition>): TopicPartitions[] {
  return [...releases].map(({ topicId, topic, partition }) => ({
    topicId,
    topic,
    partitions: [partition],
  }))
}

function lost({ topic, partition }: MemberPosition): BusError {
  const detail = `Partition ${partition} of ${JSON.stringify(topic)} is no longer the member's.`
  return new BusError('LEASE_EXPIRED', detail)
}

import type { PollAnswer, Subscription } from '../../src/index.ts'
import { keyOf } from './model-database.ts'

/** Records of partitions that were handed out by one poll: what a lease token says. */
export interface ModelToken {
  readonly memberEpoch: number
  readonly pollNumber: number
  /** By key of the partition: the tenure in which they were handed out. */
  readonly tenures: ReadonlyMap<string, number>
}

interface Work {
  readonly pollNumber: number
  readonly tenure: number
}

/** A poll that waits at a gateway, and what it may hand out by the newest answer. */
export interface WaitingPoll {
  readonly number: number
  memberEpoch: number
  offered: ReadonlyMap<string, number>
  /** The gateway was told to ask anew, or has cause to. */
  mustAsk: boolean
}

/** A process that polls as a member, with the gateway that has its poll. */
export class ModelClient {
  readonly memberId: string
  subscription: Subscription
  poll: WaitingPoll | null = null
  readonly tokens: ModelToken[] = []
  /** What it is still processing. */
  readonly inWork = new Map<string, Work>()

  constructor(memberId: string, subscription: Subscription) {
    this.memberId = memberId
    this.subscription = subscription
  }

  giveUp(upToPoll = Number.POSITIVE_INFINITY): void {
    for (const [key, { pollNumber }] of this.inWork) {
      if (pollNumber <= upToPoll) this.inWork.delete(key)
    }
  }

  answered(answer: PollAnswer, tenureOf: (key: string) => number): void {
    const revoked = new Set(
      answer.revoked.flatMap(({ topicId, partitions }) =>
        partitions.map((partition) => keyOf({ topicId, partition })),
      ),
    )
    const offered = new Map<string, number>()
    for (const { topicId, partitions } of answer.assignment) {
      for (const { partition } of partitions) {
        const key = keyOf({ topicId, partition })
        if (!revoked.has(key)) offered.set(key, tenureOf(key))
      }
    }
    const { pollNumber: number, memberEpoch } = answer
    this.poll = { number, memberEpoch, offered, mustAsk: false }
  }

  /** The waiting poll finds records of some partitions and ends. Answers its number. */
  handOut(isChosen: () => boolean): number {
    if (this.poll === null) throw new Error('no poll is open')
    const { number: pollNumber, memberEpoch, offered } = this.poll
    const tenures = new Map([...offered].filter(isChosen))
    for (const [key, tenure] of tenures) this.inWork.set(key, { pollNumber, tenure })
    this.tokens.push({ memberEpoch, pollNumber, tenures })
    if (this.tokens.length > 4) this.tokens.shift()
    this.poll = null
    return pollNumber
  }
}

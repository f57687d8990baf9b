import {
  type Acknowledge,
  type CommittedOffset,
  ConsumeRequest,
  MoveReason,
  type PositionMoved,
  type Seek,
  type TopicPartition,
} from '@courant/api/v1/consumer_service'
import { BusError, limits } from '@courant/kernel'
import type { PartitionReader } from '../../fetch/partition-reader.ts'
import type { MemberPosition } from '../../groups/poll/member-positions.ts'
import { problemAt } from '../../produce/record-problem.ts'
import { decoded } from '../calls/decoded.ts'
import { problemMessage } from '../records/problem-message.ts'
import { startOf } from '../records/read-request.ts'
import type { ConsumerMember } from './consumer-member.ts'
import type { MemberCommits } from './member-commits.ts'
import type { Outlet } from './outlet.ts'

/** Larger ones hold more acknowledgements than a member has partitions. */
const REQUEST_BYTES_MAX = 1024 * 1024

/** Reads a request of a stream. Throws PAYLOAD_TOO_LARGE and INVALID_ARGUMENT. */
export function readRequest(message: Buffer): NonNullable<ConsumeRequest['request']> {
  if (message.length > REQUEST_BYTES_MAX) {
    const detail = `A request of this stream has at most ${REQUEST_BYTES_MAX} bytes.`
    throw new BusError('PAYLOAD_TOO_LARGE', detail)
  }
  const { request } = decoded(ConsumeRequest, message)
  if (request !== undefined) return request
  throw new BusError('INVALID_ARGUMENT', 'There is nothing in the request that is known here.')
}

export interface MemberRequestsParts {
  readonly member: ConsumerMember
  readonly commits: MemberCommits
  readonly outlet: Outlet
  readonly reader: PartitionReader
  readonly signal: AbortSignal
}

/** Carries out what a member asks for while its stream is open, one request after the other. */
export class MemberRequests {
  readonly #parts: MemberRequestsParts

  constructor(parts: MemberRequestsParts) {
    this.#parts = parts
  }

  async handle(request: NonNullable<ConsumeRequest['request']>): Promise<void> {
    const { member } = this.#parts
    switch (request.$case) {
      case 'subscribe':
        throw problemAt('INVALID_ARGUMENT', '/subscribe', 'The stream has subscribed already.')
      case 'credit': {
        const wasOpen = member.credit.isOpen
        member.credit.grant(request.value, '/credit')
        if (!wasOpen && member.credit.isOpen) member.wake()
        return
      }
      case 'acknowledge':
        return this.#acknowledge(request.value)
      case 'seek':
        return this.#seek(request.value)
      case 'pause':
        for (const position of this.#owned(request.value.partitions)) member.pause(position)
        return
      case 'resume':
        for (const position of this.#owned(request.value.partitions)) member.resume(position)
        return
      case 'release':
        return this.#release(request.value.partitions)
    }
  }

  /** Those that are the member's. Of others it will hear, or has heard, that they are not. */
  #owned(partitions: readonly TopicPartition[]): MemberPosition[] {
    const { positions } = this.#parts.member.lease
    return partitions.flatMap(({ topic, partition }) => positions.find(topic, partition) ?? [])
  }

  async #acknowledge({ offsets }: Acknowledge): Promise<void> {
    const { member, commits, outlet } = this.#parts
    const refused: CommittedOffset[] = []
    for (const { topic, partition, offset, metadata } of offsets) {
      try {
        const position = member.position(topic, partition)
        if (!member.delivered.reaches(position, offset)) throw notDelivered(offset)
        checkMetadata(metadata)
        commits.acknowledge(position, offset, metadata)
      } catch (thrown) {
        const problem = problemMessage(BusError.from(thrown))
        refused.push({ topic, partition, offset, problem })
      }
    }
    void commits.flush()
    if (refused.length > 0) {
      await outlet.send({ $case: 'committed', value: { offsets: refused } })
    }
  }

  #release(partitions: readonly TopicPartition[]): void {
    const { member, commits } = this.#parts
    for (const position of this.#owned(partitions)) {
      if (member.release(position)) commits.release(position)
    }
    void commits.flush()
  }

  async #seek({ topic, partition, start }: Seek): Promise<void> {
    const { member, reader, outlet, signal } = this.#parts
    const moved: PositionMoved = {
      topic,
      partition,
      reason: MoveReason.MOVE_REASON_SEEK,
      from: undefined,
      to: 0,
      problem: undefined,
    }
    try {
      const position = member.position(topic, partition)
      const to = await reader.startOffset(position, startOf(start), signal)
      moved.from = position.next ?? undefined
      moved.to = to
      member.seek(member.position(topic, partition), to)
    } catch (thrown) {
      moved.problem = problemMessage(BusError.from(thrown))
    }
    await outlet.send({ $case: 'positionMoved', value: moved })
  }
}

function checkMetadata(metadata: string): void {
  if (Buffer.byteLength(metadata) <= limits.offsetMetadataBytesMax) return
  const detail = `Metadata has at most ${limits.offsetMetadataBytesMax} bytes.`
  throw new BusError('INVALID_ARGUMENT', detail)
}

function notDelivered(offset: number): BusError {
  const detail = `Offset ${offset} is beyond what was delivered on this stream.`
  return new BusError('INVALID_ARGUMENT', detail)
}

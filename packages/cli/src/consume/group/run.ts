import { systemClock, wait } from '@courant/kernel'
import { Failure, isPassing, usageError } from '../../failure.ts'
import type { Session } from '../../session.ts'
import { Outage } from '../outage.ts'
import { RecordPrinter } from '../record-printer.ts'
import type { ConsumeOptions } from '../run.ts'
import { GroupMember, SESSION_TIMEOUT_MS } from './group-member.ts'
import { MemberNews } from './member-news.ts'
import type { PollText } from './poll-text.ts'

/** Records that are printed before they are committed. */
const POLL_RECORDS_MAX = 500
const PAUSE_MS = 1_000
/** Two heartbeats may be lost. */
const HEARTBEAT_MS = SESSION_TIMEOUT_MS / 3

/**
 * Runs `courant consume --group`: prints, then commits, so that what is printed when something
 * fails may be printed again, and nothing is left out.
 */
export async function runGroupConsume(
  session: Session,
  group: string,
  topics: readonly string[],
  options: ConsumeOptions,
): Promise<void> {
  const member = new GroupMember(session, {
    group,
    topics,
    autoOffsetReset: startOf(options),
    format: session.json ? 'json' : 'text',
  })
  const keys = options.keys ? 'shown' : 'hidden'
  const printer = new RecordPrinter(session, keys, options.max ?? Number.POSITIVE_INFINITY)
  const polls = new Polls(session, member)
  try {
    while (!printer.isDone && !polls.interrupted.aborted) {
      const page = await polls.next(Math.min(printer.left, POLL_RECORDS_MAX))
      if (page !== null) await polls.process(page, () => printer.print(linesOf(page, topics)))
    }
    await polls.commit()
  } finally {
    // Else the session ends by itself.
    await member.leave().catch(ignoreFailure)
  }
}

/** The polls of a member one behind the other, each of which commits what the last had. */
class Polls {
  readonly interrupted: AbortSignal
  readonly #member: GroupMember
  readonly #outage: Outage
  readonly #news: MemberNews
  /** Of what is printed and perhaps not committed. */
  #printed: string | null = null

  constructor(session: Session, member: GroupMember) {
    const note = (text: string): void => session.note(text)
    this.interrupted = session.untilInterrupted()
    this.#member = member
    this.#outage = new Outage(note)
    this.#news = new MemberNews(note)
  }

  /** Null: there is none for now. Throws what another try cannot mend. */
  async next(maxRecords: number): Promise<PollText | null> {
    try {
      const page = await this.#member.poll(this.#printed, maxRecords, this.interrupted)
      this.#printed = null
      this.#outage.end()
      this.#news.tell(page.rest)
      return page
    } catch (error) {
      if (this.interrupted.aborted) return null
      if (isLeaseExpired(error)) {
        this.#printed = null
        this.#news.leaseExpired()
        return null
      }
      if (!isPassing(error)) throw error
      this.#outage.begin(error)
      await wait(systemClock, PAUSE_MS, this.interrupted)
      return null
    }
  }

  /** However long whoever reads our output takes, the partitions stay this member's. */
  async process({ rest: { leaseToken } }: PollText, print: () => Promise<void>): Promise<void> {
    const beat = (): void => void this.#member.heartbeat(leaseToken).catch(ignoreFailure)
    const beating = setInterval(beat, HEARTBEAT_MS)
    try {
      await print()
      this.#printed = leaseToken
    } finally {
      clearInterval(beating)
    }
  }

  async commit(): Promise<void> {
    if (this.#printed !== null) await this.#member.commit(this.#printed)
  }
}

/** Of one topic they are as without a group. */
function linesOf({ records }: PollText, topics: readonly string[]): { readonly text: string }[] {
  const opening = `{"topic":${JSON.stringify(topics[0])},`
  return records.map((text) => {
    const isSpare = topics.length === 1 && text.startsWith(opening)
    return { text: isSpare ? `{${text.slice(opening.length)}` : text }
  })
}

function startOf({ from, since, partition }: ConsumeOptions): 'earliest' | 'latest' {
  if (partition !== undefined) {
    throw usageError('--partition does not go with --group.', 'The group shares the partitions.')
  }
  if (since === undefined && typeof from !== 'number') return from
  throw usageError(
    'A group goes on where it is: without offsets, --from earliest or latest says where to begin.',
    'To move a group: courant groups reset <group>',
  )
}

function isLeaseExpired(error: unknown): boolean {
  return error instanceof Failure && error.problem?.code === 'LEASE_EXPIRED'
}

function ignoreFailure(error: unknown): void {
  if (!(error instanceof Failure)) throw error
}

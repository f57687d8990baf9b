import type { MemberEvent, Now, Topic } from './calls.ts'
import type { PollNumbers } from './poll-numbers.ts'
import type { GroupChanges } from './rows.ts'

/** What a group is made or loaded with. */
export interface GroupPorts {
  /** All topics of the tenant, as current as the rows are: a missing one counts as deleted. */
  readonly topics: readonly Topic[]
  /** Of the shard's term. */
  readonly pollNumbers: PollNumbers
  readonly now: Now
}

/** To write, and whom to tell when that is durable. */
export interface Settled {
  readonly changes: GroupChanges
  readonly events: readonly MemberEvent[]
}

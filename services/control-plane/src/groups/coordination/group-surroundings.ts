import type { MemberEvent, Now } from '@courant/group'
import type { Random } from '@courant/kernel'
import type { GroupRows } from '../rows/group-rows.ts'
import type { GroupWriter } from './group-writer.ts'
import type { TopicCatalog } from './topic-catalog.ts'

/** What all groups of a coordinator share. */
export interface GroupSurroundings {
  readonly rows: GroupRows
  readonly catalog: TopicCatalog
  readonly writer: GroupWriter
  readonly random: Random
  readonly now: () => Now
  /** To be told once what they speak of is durable. */
  readonly tell: (
    of: { readonly tenantId: string; readonly name: string },
    events: readonly MemberEvent[],
  ) => void
}

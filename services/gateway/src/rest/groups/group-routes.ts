import type { Route } from '../route.ts'
import { commitGroup } from './commit.ts'
import { deleteGroup } from './delete.ts'
import { describeGroup } from './describe.ts'
import { explainGroup } from './explain.ts'
import { heartbeatMember } from './heartbeat.ts'
import { leaveGroup } from './leave.ts'
import { listGroups } from './list.ts'
import { resetGroupOffsets } from './reset-offsets.ts'

/** Routes of groups with plain JSON in and out. */
export const groupRoutes: readonly Route[] = [
  commitGroup,
  heartbeatMember,
  leaveGroup,
  listGroups,
  describeGroup,
  explainGroup,
  resetGroupOffsets,
  deleteGroup,
]

import {
  Assignor,
  GroupState,
  type GroupSummary as WireSummary,
} from '@courant/api/internal/v1/group'
import type { AssignorName, GroupSummary } from '@courant/group'
import type { GroupLag } from '../lag/lag-sample.ts'
import { lagWire } from './lag-wire.ts'

export function summaryWire(summary: GroupSummary, lag: GroupLag | null): WireSummary {
  const { name, state, members, groupEpoch, assignor } = summary
  return {
    group: name,
    state: GroupState[`GROUP_STATE_${state}`],
    members,
    groupEpoch,
    assignor: assignorWire(assignor),
    lag: lag === null ? undefined : lagWire(lag),
  }
}

function assignorWire(assignor: AssignorName): Assignor {
  return assignor === 'range' ? Assignor.ASSIGNOR_RANGE : Assignor.ASSIGNOR_UNIFORM
}

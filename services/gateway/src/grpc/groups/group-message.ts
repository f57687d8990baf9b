/** Groups as REST shows them, as messages: what is null there is absent here. */
import { Group, GroupFinding, GroupState, GroupSummary } from '@courant/api/v1/group_service'
import type { groupSummary, groupView } from '../../rest/groups/group-view.ts'

const STATES = {
  EMPTY: GroupState.GROUP_STATE_EMPTY,
  STABLE: GroupState.GROUP_STATE_STABLE,
  RECONCILING: GroupState.GROUP_STATE_RECONCILING,
} as const

export function groupMessage(view: ReturnType<typeof groupView>): Group {
  const { members, partitions, state, ...facts } = view
  return Group.fromPartial({
    ...withoutNulls(facts),
    state: STATES[state],
    members: members.map(withoutNulls),
    partitions: partitions.map(withoutNulls),
  })
}

/** One row of a list. */
export function summaryMessage(view: ReturnType<typeof groupSummary>): GroupSummary {
  return GroupSummary.fromPartial({ ...withoutNulls(view), state: STATES[view.state] })
}

interface FindingView extends Omit<Partial<GroupFinding>, 'keys'> {
  readonly keys?: readonly (Readonly<Record<string, unknown>> & {
    readonly key?: string
    readonly keyBase64?: string
  })[]
}

export function findingMessage({ keys = [], ...finding }: FindingView): GroupFinding {
  return GroupFinding.fromPartial({
    ...finding,
    keys: keys.map(({ key, keyBase64 = '', ...numbers }) => ({
      ...numbers,
      key: key === undefined ? Buffer.from(keyBase64, 'base64') : Buffer.from(key),
    })),
  })
}

/** A member that may be null may be absent instead. */
type WithoutNulls<View> = {
  [Name in keyof View as null extends View[Name] ? never : Name]: View[Name]
} & {
  [Name in keyof View as null extends View[Name] ? Name : never]?: Exclude<View[Name], null>
}

export function withoutNulls<View extends object>(view: View): WithoutNulls<View> {
  const entries = Object.entries(view).filter(([, value]) => value !== null)
  return Object.fromEntries(entries) as WithoutNulls<View>
}

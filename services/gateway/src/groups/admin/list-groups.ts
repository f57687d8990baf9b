import type { GroupSummary, ListGroupsRequest } from '@courant/api/internal/v1/group'
import type { Coordinators } from '../coordinators/coordinators.ts'

export interface GroupPage {
  readonly groups: readonly GroupSummary[]
  readonly more: boolean
}

const ANSWER_TIMEOUT_MS = 5_000

/** Each coordinator has the groups of its shards: a page is merged from a page of each, by name. */
export async function listGroupsOf(
  coordinators: Coordinators,
  request: ListGroupsRequest,
  requestId: string,
): Promise<GroupPage> {
  const all = await coordinators.all()
  const method = 'listGroups' as const
  const pages = await Promise.all(
    all.map((coordinator) =>
      coordinator.call((client) => client[method].bind(client), request, {
        timeoutMs: ANSWER_TIMEOUT_MS,
        requestId,
      }),
    ),
  )
  const merged = pages.flatMap(({ groups }) => groups)
  merged.sort((a, b) => (a.group < b.group ? -1 : a.group > b.group ? 1 : 0))
  return {
    groups: merged.slice(0, request.limit),
    more: merged.length > request.limit || pages.some(({ more }) => more),
  }
}

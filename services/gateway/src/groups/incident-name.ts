import { GroupIncidentKind } from '@courant/api/internal/v1/group'

const INCIDENTS: Readonly<Record<number, string>> = {
  [GroupIncidentKind.GROUP_INCIDENT_KIND_JOINED]: 'JOINED',
  [GroupIncidentKind.GROUP_INCIDENT_KIND_LEFT]: 'LEFT',
  [GroupIncidentKind.GROUP_INCIDENT_KIND_SESSION_EXPIRED]: 'SESSION_EXPIRED',
  [GroupIncidentKind.GROUP_INCIDENT_KIND_REBALANCE_TIMED_OUT]: 'REBALANCE_TIMED_OUT',
  [GroupIncidentKind.GROUP_INCIDENT_KIND_FENCED]: 'FENCED',
  [GroupIncidentKind.GROUP_INCIDENT_KIND_MEMBER_ID_SHARED]: 'MEMBER_ID_SHARED',
}

/** What callers know the kind as. */
export function incidentName(kind: GroupIncidentKind): string {
  return INCIDENTS[kind] ?? 'UNKNOWN'
}

import type { GroupRef, MemberRef } from '@courant/api/internal/v1/group'
import { groupNameProblem, memberIdProblem } from '@courant/group'
import { BusError, isUuid, limits } from '@courant/kernel'
import { tenantNotFound } from '../../tenants/tenant-id.ts'

/** Throws TENANT_NOT_FOUND, INVALID_ARGUMENT. */
export function checkGroup(ref: GroupRef | undefined): GroupRef {
  if (ref === undefined) throw new BusError('INVALID_ARGUMENT', 'A group is missing.')
  if (!isUuid(ref.tenantId)) throw tenantNotFound()
  refuse(groupNameProblem(ref.group))
  return ref
}

/** Throws TENANT_NOT_FOUND, INVALID_ARGUMENT. */
export function checkMember(ref: MemberRef | undefined): MemberRef {
  if (ref === undefined) throw new BusError('INVALID_ARGUMENT', 'A member is missing.')
  checkGroup(ref)
  refuse(memberIdProblem(ref.memberId))
  if (ref.principal === '' || !isShortText(ref.principal)) refuse('The principal is not legal.')
  return ref
}

/** For people: cut, and without what neither they nor PostgreSQL can read. */
export function readable(text: string): string {
  return text.replaceAll(/\p{C}/gu, '').slice(0, limits.clientTextLengthMax)
}

function isShortText(text: string): boolean {
  return readable(text) === text
}

function refuse(problem: string | null): void {
  if (problem !== null) throw new BusError('INVALID_ARGUMENT', problem)
}

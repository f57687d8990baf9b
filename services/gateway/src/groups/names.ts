import { groupNameProblem, memberIdProblem } from '@courant/group'
import { problemAt } from '../produce/record-problem.ts'

/** A group is made by its first poll, so a name that none can have is told as such. */
export function checkGroupName(group: string): void {
  const detail = groupNameProblem(group)
  if (detail !== null) throw problemAt('INVALID_ARGUMENT', '{group}', detail)
}

export function checkMemberId(memberId: string, pointer: string): void {
  const detail = memberIdProblem(memberId)
  if (detail !== null) throw problemAt('INVALID_ARGUMENT', pointer, detail)
}

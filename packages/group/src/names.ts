import { limits } from '@courant/kernel'

const LEGAL = /^[a-zA-Z0-9._-]+$/

/** 1–249 of `[a-zA-Z0-9._-]`, neither `.` nor `..`. Returns what is wrong, or null. */
export function groupNameProblem(name: string): string | null {
  if (name === '.' || name === '..') return 'A group name is neither "." nor "..".'
  return problem('A group name', name, limits.groupNameLengthMax)
}

/** 1–64 of `[a-zA-Z0-9._-]`. Returns what is wrong, or null. */
export function memberIdProblem(memberId: string): string | null {
  return problem('A member id', memberId, limits.memberIdLengthMax)
}

function problem(what: string, text: string, lengthMax: number): string | null {
  if (text.length === 0) return `${what} has at least one character.`
  if (text.length > lengthMax) return `${what} has at most ${lengthMax} characters.`
  if (!LEGAL.test(text)) return `${what} consists of letters, digits, ".", "_" and "-".`
  return null
}

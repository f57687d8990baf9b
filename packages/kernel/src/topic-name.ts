import { limits } from './limits.ts'

const LEGAL = /^[a-zA-Z0-9._-]+$/

/**
 * Kafka's rule (Topic.java): 1–249 of `[a-zA-Z0-9._-]`, neither `.` nor `..`.
 * Returns what is wrong, or null.
 */
export function topicNameProblem(name: string): string | null {
  if (name.length === 0) return 'A topic name has at least one character.'
  if (name.length > limits.topicNameLengthMax) {
    return `A topic name has at most ${limits.topicNameLengthMax} characters.`
  }
  if (name === '.' || name === '..') return 'A topic name is neither "." nor "..".'
  if (!LEGAL.test(name)) return 'A topic name consists of letters, digits, ".", "_" and "-".'
  return null
}

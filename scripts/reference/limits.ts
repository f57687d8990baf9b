/** `docs/reference/limits.md`: the numbers from the table itself, the words from its comments. */
import { limits } from '../../packages/kernel/src/limits.ts'
import { GENERATED } from '../../services/gateway/src/reference/markdown.ts'

const INTRODUCTION = `Every maximum of the product. What is beyond one gets an [error code](errors.md); nothing is queued,
allocated or parsed without a bound from here. They are constants, not settings: a limit that differs
between two gateways is a surprise for whoever moves from one to the other.`

/** `source` is the text of `packages/kernel/src/limits.ts`. */
export function limitsMarkdown(source: string): string {
  const comments = commentsByName(source)
  const rows = Object.entries(limits).map(([name, value]) => {
    const comment = comments.get(name)
    if (comment === undefined) throw new Error(`limits.ts: ${name} has no comment`)
    return `| \`${name}\` | ${valueInWords(name, value)} | ${comment} |`
  })
  const table = ['| limit | value | |', '|---|---|---|', ...rows].join('\n')
  return [GENERATED, '# Limits', INTRODUCTION, table].join('\n\n').concat('\n')
}

/** A comment is of every name below it, up to the next comment or blank line. */
function commentsByName(source: string): ReadonlyMap<string, string> {
  const comments = new Map<string, string>()
  let current: string | undefined
  for (const [, comment, name] of source.matchAll(COMMENT_NAME_OR_BLANK)) {
    if (comment !== undefined) current = comment.replaceAll(/\s*\n\s*\*\s*/g, ' ').trim()
    else if (name === undefined) current = undefined
    else if (current !== undefined) comments.set(name, current)
  }
  return comments
}

const COMMENT_NAME_OR_BLANK = /^ {2}\/\*\*([\s\S]*?)\*\/|^ {2}(\w+): |^$/gm

const BYTES = [
  ['GiB', 2 ** 30],
  ['MiB', 2 ** 20],
  ['KiB', 2 ** 10],
] as const

function valueInWords(name: string, value: number): string {
  if (/Bytes/.test(name)) {
    const unit = BYTES.find(([, size]) => value % size === 0)
    return unit === undefined ? `${grouped(value)} bytes` : `${value / unit[1]} ${unit[0]}`
  }
  if (/Ms/.test(name)) return value % 1000 === 0 ? `${grouped(value / 1000)} s` : `${value} ms`
  return grouped(value)
}

/** Thousands apart, whatever the language of the machine. */
function grouped(value: number): string {
  return value.toLocaleString('en-US')
}

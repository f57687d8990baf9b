/** Where in a JSON line its key is. */
export interface KeyPath {
  /** As it was given, for messages. */
  readonly text: string
  readonly members: readonly string[]
}

/** `id`, a member of that name, or `/customer/id`, a JSON pointer (RFC 6901). */
export function parseKeyPath(text: string): KeyPath {
  if (!text.startsWith('/')) return { text, members: [text] }
  const members = text.slice(1).split('/')
  return { text, members: members.map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~')) }
}

/** The text or number there, a number with the digits of the line. Null where neither is. */
export function keyOf(line: string, value: unknown, path: KeyPath): string | null {
  const found = path.members.reduce(member, value)
  if (typeof found === 'string') return found
  if (typeof found !== 'number') return null
  const printed = String(found)
  return Number.isSafeInteger(found) && line.includes(printed) ? printed : digitsOf(line, path)
}

function member(holder: unknown, name: string): unknown {
  if (typeof holder !== 'object' || holder === null || !Object.hasOwn(holder, name)) {
    return undefined
  }
  return (holder as Readonly<Record<string, unknown>>)[name]
}

/** A number as it is written: 12345678901234567890 is no number of JavaScript, but a good key. */
function digitsOf(line: string, path: KeyPath): string | null {
  const withSource = (_name: string, value: unknown, context?: { source?: string }): unknown =>
    typeof value === 'number' ? (context?.source ?? String(value)) : value
  const found = path.members.reduce(member, JSON.parse(line, withSource) as unknown)
  return typeof found === 'string' ? found : null
}

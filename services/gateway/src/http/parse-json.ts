import { BusError, limits } from '@courant/kernel'
import { duplicateMember } from './duplicate-member.ts'

/** A byte order mark is not JSON (RFC 8259, 8.1). */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const QUOTE = 0x22
const BACKSLASH = 0x5c
/** `{` and `[`, `}` and `]` differ from each other only in this bit. */
const BRACE_BIT = 0x20
const OPEN = 0x5b
const CLOSE = 0x5d

/** Strict JSON in strict UTF-8, no deeper than `limits.jsonDepthMax`, no member twice. */
export function parseJson(bytes: Buffer): unknown {
  if (depthOf(bytes) > limits.jsonDepthMax) {
    throw new BusError('INVALID_JSON', `The body nests deeper than ${limits.jsonDepthMax} levels.`)
  }
  const value = parse(bytes)
  const pointer = duplicateMember(bytes)
  if (pointer === null) return value
  const detail = 'This member is given twice.'
  throw new BusError('INVALID_JSON', `${pointer}: ${detail}`, { violations: [{ pointer, detail }] })
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(utf8.decode(bytes))
  } catch (error) {
    throw new BusError('INVALID_JSON', reasonOf(error), { cause: error })
  }
}

/**
 * Deepest nesting of brackets outside strings. Exact for JSON; for anything else it need not be.
 */
function depthOf(bytes: Buffer): number {
  let depth = 0
  let deepest = 0
  let inString = false
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index] ?? 0
    if (inString) {
      if (byte === BACKSLASH) index += 1
      else if (byte === QUOTE) inString = false
    } else if (byte === QUOTE) {
      inString = true
    } else if ((byte & ~BRACE_BIT) === OPEN) {
      depth += 1
      if (depth > deepest) deepest = depth
    } else if ((byte & ~BRACE_BIT) === CLOSE) {
      depth -= 1
    }
  }
  return deepest
}

function reasonOf(error: unknown): string {
  if (error instanceof SyntaxError) return `The body is not valid JSON: ${error.message}.`
  return 'The body is not valid UTF-8.'
}

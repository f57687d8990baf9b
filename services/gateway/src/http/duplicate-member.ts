import { escapePointer } from '../produce/record-problem.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const COMMA = 0x2c

/** An object or a list that is open: the names that an object has had, how far a list has come. */
interface Level {
  readonly names: Set<string> | null
  /** In an object, the last name; in a list, the index. */
  at: string | number
  expectsName: boolean
}

/**
 * JSON pointer of the first member that an object has twice, or null. `JSON.parse` takes the last
 * of them in silence, and whoever checked the first was deceived (RFC 8259, 4). `bytes` is known to
 * be JSON, so it is enough to follow brackets, commas and strings; values cost nothing.
 */
export function duplicateMember(bytes: Buffer): string | null {
  const levels: Level[] = []
  let level: Level | undefined
  for (let index = 0; index < bytes.length; index += 1) {
    switch (bytes[index]) {
      case QUOTE: {
        const end = stringEnd(bytes, index)
        if (level?.expectsName === true) {
          level.expectsName = false
          level.at = JSON.parse(bytes.toString('utf8', index, end + 1)) as string
          if (level.names?.has(level.at)) return pointerOf(levels)
          level.names?.add(level.at)
        }
        index = end
        break
      }
      case OPEN_BRACE:
        level = { names: new Set(), at: '', expectsName: true }
        levels.push(level)
        break
      case OPEN_BRACKET:
        level = { names: null, at: 0, expectsName: false }
        levels.push(level)
        break
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        levels.pop()
        level = levels.at(-1)
        break
      case COMMA:
        if (level === undefined) break
        if (typeof level.at === 'number') level.at += 1
        else level.expectsName = true
        break
    }
  }
  return null
}

/** The closing quote of the string that opens at `start`. */
function stringEnd(bytes: Buffer, start: number): number {
  let index = start + 1
  while (bytes[index] !== QUOTE) index += bytes[index] === BACKSLASH ? 2 : 1
  return index
}

function pointerOf(levels: readonly Level[]): string {
  return levels.map(({ at }) => `/${escapePointer(String(at))}`).join('')
}

import { assert } from '@courant/kernel'
import { JsonScanner } from '../produce/json-scanner.ts'

const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const COLON = 0x3a
const COMMA = 0x2c

/**
 * JSON pointer of the first member that an object has twice, or null. `JSON.parse` takes the last
 * of them in silence, and whoever checked the first was deceived (RFC 8259, 4). `bytes` is one JSON
 * text, no deeper than the limit.
 */
export function duplicateMember(bytes: Buffer): string | null {
  return inValue(new JsonScanner(bytes), '')
}

function inValue(scanner: JsonScanner, pointer: string): string | null {
  const first = scanner.peek()
  if (first === OPEN_BRACE) return inObject(scanner, pointer)
  if (first === OPEN_BRACKET) return inArray(scanner, pointer)
  assert(scanner.value(), 'the text is JSON')
  return null
}

function inObject(scanner: JsonScanner, pointer: string): string | null {
  const names = new Set<string>()
  scanner.punctuation(OPEN_BRACE)
  while (scanner.peek() !== CLOSE_BRACE) {
    assert(scanner.string(), 'the text is JSON')
    const { bytes, stringStart, stringEnd } = scanner
    const name: string = JSON.parse(bytes.toString('utf8', stringStart - 1, stringEnd + 1))
    const path = `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
    if (names.has(name)) return path
    names.add(name)
    assert(scanner.punctuation(COLON), 'the text is JSON')
    const found = inValue(scanner, path)
    if (found !== null) return found
    if (scanner.peek() === COMMA) scanner.punctuation(COMMA)
  }
  scanner.punctuation(CLOSE_BRACE)
  return null
}

function inArray(scanner: JsonScanner, pointer: string): string | null {
  scanner.punctuation(OPEN_BRACKET)
  for (let index = 0; scanner.peek() !== CLOSE_BRACKET; index += 1) {
    const found = inValue(scanner, `${pointer}/${index}`)
    if (found !== null) return found
    if (scanner.peek() === COMMA) scanner.punctuation(COMMA)
  }
  scanner.punctuation(CLOSE_BRACKET)
  return null
}

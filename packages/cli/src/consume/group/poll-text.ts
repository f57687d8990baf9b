import type { components } from '@courant/api/openapi'

type PollAnswer = components['schemas']['PollAnswer']

/** The answer to a poll. */
export interface PollText {
  /** Of each record its JSON text, as the server sent it: its numbers keep their digits. */
  readonly records: readonly string[]
  readonly rest: Omit<PollAnswer, 'records'>
}

/** The records come first, as our server has them. */
const OPENING = '{"records":['

/** Takes the answer to a poll apart. Throws SyntaxError for what is none. */
export function parsePoll(text: string): PollText {
  if (!text.startsWith(OPENING)) {
    const { records, ...rest } = JSON.parse(text) as PollAnswer
    return { records: records.map((record) => JSON.stringify(record)), rest }
  }
  const records: string[] = []
  let at = OPENING.length
  while (text[at] === '{') {
    const end = endOfObject(text, at)
    records.push(oneLine(text.slice(at, end)))
    at = text[end] === ',' ? end + 1 : end
  }
  const { records: _, ...rest } = JSON.parse(OPENING + text.slice(at)) as PollAnswer
  return { records, rest }
}

const MARKS = /["{}]/g

/** Behind the brace that closes the one at `start`. */
function endOfObject(text: string, start: number): number {
  let depth = 0
  MARKS.lastIndex = start
  for (let mark = MARKS.exec(text); mark !== null; mark = MARKS.exec(text)) {
    if (mark[0] === '"') MARKS.lastIndex = endOfString(text, mark.index)
    else depth += mark[0] === '{' ? 1 : -1
    if (depth === 0) return MARKS.lastIndex
  }
  throw new SyntaxError('A record does not end.')
}

/** Behind the quote that closes the one at `start`: one behind an even number of backslashes. */
function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); quote >= 0; quote = text.indexOf('"', quote + 1)) {
    let escapes = 0
    while (text[quote - 1 - escapes] === '\\') escapes += 1
    if (escapes % 2 === 0) return quote + 1
  }
  throw new SyntaxError('A string does not end.')
}

/** Line breaks in a stored JSON value are spare: within strings they are escaped. */
function oneLine(text: string): string {
  return text.replaceAll(/[\r\n]/g, ' ')
}

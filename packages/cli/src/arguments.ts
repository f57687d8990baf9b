/** Texts of the command line as values. Each throws commander's error, which names the option. */
import { InvalidArgumentError } from 'commander'

const DURATION = /^(\d+)(ms|s|m|h|d)$/
const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

export function parseInteger(text: string): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value
  throw new InvalidArgumentError('It must be a whole number.')
}

export function parsePositive(text: string): number {
  const value = parseInteger(text)
  if (value > 0) return value
  throw new InvalidArgumentError('It must be at least 1.')
}

/** For options that may be repeated, or hold several with commas. */
export function parsePartitions(text: string, before: readonly number[] = []): readonly number[] {
  return [...new Set([...before, ...text.split(',').map(parseInteger)])]
}

/** `3,1,2`, in this order. */
export function parseNumbers(text: string): readonly number[] {
  return text.split(',').map(parseInteger)
}

/** `90d`, `36h`, `30m`, `10s`, `500ms` */
export function parseDuration(text: string): number {
  const match = DURATION.exec(text)
  if (match === null) throw new InvalidArgumentError('It must be like 30m, 24h or 90d.')
  return Number(match[1]) * (UNIT_MS[match[2] ?? ''] ?? 1)
}

/** Epoch milliseconds of `2026-11-24T09:30:00Z`, of epoch milliseconds, or of so long ago. */
export function parseTime(text: string): number {
  if (DURATION.test(text)) return Math.max(0, Date.now() - parseDuration(text))
  if (/^\d{11,}$/.test(text)) return parseInteger(text)
  const time = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN
  if (time >= 0) return time
  throw new InvalidArgumentError('It must be like 2026-11-24T09:30:00Z, or 30m for so long ago.')
}

/** `name=value` */
function parsePair(text: string): readonly [string, string] {
  const at = text.indexOf('=')
  if (at <= 0) throw new InvalidArgumentError('It must be like name=value.')
  return [text.slice(0, at), text.slice(at + 1)]
}

export function collectPairs(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const [name, value] = parsePair(text)
  return { ...before, [name]: value }
}

/** Settings of a topic: numbers where they are numbers. The server knows which there are. */
export function collectSettings(
  text: string,
  before: Readonly<Record<string, string | number>> = {},
): Readonly<Record<string, string | number>> {
  const [name, value] = parsePair(text)
  return { ...before, [name]: /^-?\d+$/.test(value) ? Number(value) : value }
}

export function collectNames(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, ...text.split(',')]
}

/** What a setting may hold. A kind turns the text of an environment variable into a value. */
import type { Address } from '@courant/kernel'

export interface Kind<Value> {
  /** Completes the sentence "must be …", and fills the reference page. */
  readonly expects: string
  /** Never printed, logged or documented with its value. */
  readonly secret: boolean
  /** Null: not a legal value. */
  parse(text: string): Value | null
}

/** Any text of at most `lengthMax` characters without control characters. */
export function text(lengthMax = 1_024): Kind<string> {
  const control = /\p{Cc}/u
  return kind(`text of at most ${lengthMax} characters`, (given) =>
    given.length <= lengthMax && !control.test(given) ? given : null,
  )
}

/** A whole number in decimal digits; no sign other than a minus, no exponent, no blanks. */
export function integer(min: number, max: number): Kind<number> {
  return kind(`a whole number from ${min} to ${max}`, (given) => {
    const value = /^-?\d{1,16}$/.test(given) ? Number(given) : Number.NaN
    return Number.isSafeInteger(value) && value >= min && value <= max ? value : null
  })
}

/** A port to listen on; 0 lets the system choose. */
export function port(): Kind<number> {
  const { parse } = integer(0, 65_535)
  return kind('a port from 0 to 65535 (0: any free one)', parse)
}

/** A port, or null for the text `off`. */
export function portOrOff(): Kind<number | 'off'> {
  const { parse } = port()
  return kind('a port from 0 to 65535 (0: any free one), or off', (given) =>
    given === 'off' ? 'off' : parse(given),
  )
}

export function choice<const Choice extends string>(choices: readonly Choice[]): Kind<Choice> {
  return kind(
    `one of ${choices.join(', ')}`,
    (given) => choices.find((candidate) => candidate === given) ?? null,
  )
}

/** `host:port`; an IPv6 host stands in brackets. */
export function address(): Kind<Address> {
  return kind('host:port', parseAddress)
}

/** One or more `host:port`, separated by commas. */
export function addresses(): Kind<readonly Address[]> {
  return kind('host:port, or several separated by commas', (given) => allOf(given, parseAddress))
}

/** Origins of web pages (`https://console.example.com`), separated by commas; may be empty. */
export function origins(): Kind<readonly string[]> {
  return kind('origins such as https://console.example.com, separated by commas', (given) =>
    given === '' ? [] : allOf(given, (part) => (originOf(part) === part ? part : null)),
  )
}

/** A URL of one of the schemes. Its password is a secret, so it is never printed. */
export function url(schemes: readonly string[]): Kind<string> {
  const expects = `a URL beginning with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`
  return secret(
    kind(expects, (given) => {
      const parsed = URL.parse(given)
      return parsed !== null && schemes.includes(parsed.protocol.slice(0, -1)) ? given : null
    }),
  )
}

/** The same values, never shown. */
export function secret<Value>(of: Kind<Value>): Kind<Value> {
  return { ...of, secret: true }
}

/** A kind of one's own; `expects` completes the sentence "must be …". */
export function kind<Value>(expects: string, parse: (text: string) => Value | null): Kind<Value> {
  return { expects, secret: false, parse }
}

function parseAddress(given: string): Address | null {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/.exec(given)
  const host = match?.[1] ?? match?.[2]
  const number = Number(match?.[3])
  return host !== undefined && number <= 65_535 ? { host, port: number } : null
}

function originOf(given: string): string | null {
  const origin = URL.parse(given)?.origin
  return origin === undefined || origin === 'null' ? null : origin
}

function allOf<Value>(given: string, parse: (part: string) => Value | null): Value[] | null {
  const values: Value[] = []
  for (const part of given.split(',')) {
    const value = parse(part.trim())
    if (value === null) return null
    values.push(value)
  }
  return values
}

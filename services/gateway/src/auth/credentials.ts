/** A credential as a request carries it. Parsed, not yet believed. */
export interface Credential {
  readonly keyId: string
  readonly secret: string
}

const BEARER = /^Bearer +crt_([0-9A-Za-z]{16})_([0-9A-Za-z]{43})$/i
const BASIC = /^Basic +([A-Za-z0-9+/]{1,200}={0,2})$/i
const PAIR = /^([0-9A-Za-z]{16}):([0-9A-Za-z]{43})$/

/**
 * Reads `Bearer crt_<keyId>_<secret>` or `Basic base64(keyId:secret)`. Null for anything else; two
 * `Authorization` headers arrive joined by a comma and are therefore something else.
 */
export function parseAuthorization(header: string): Credential | null {
  const match = BEARER.exec(header) ?? PAIR.exec(basicPair(header))
  const [, keyId, secret] = match ?? []
  return keyId === undefined || secret === undefined ? null : { keyId, secret }
}

function basicPair(header: string): string {
  const encoded = BASIC.exec(header)?.[1]
  return encoded === undefined ? '' : Buffer.from(encoded, 'base64').toString('latin1')
}

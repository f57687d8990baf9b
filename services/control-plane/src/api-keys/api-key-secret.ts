import { hash } from 'node:crypto'
import type { Random } from '@courant/kernel'

/** A new key: what is stored of it, and what its holder sees once. */
export interface NewApiKey {
  readonly keyId: string
  readonly secretSha256: Buffer
  /** crt_<key id>_<secret>. */
  readonly text: string
}

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const KEY_ID_LENGTH = 16
/** 62^43 > 2^256. */
const SECRET_LENGTH = 43
const TEXT = /^crt_([0-9A-Za-z]{16})_([0-9A-Za-z]{43})$/

export function newApiKey(random: Random): NewApiKey {
  const keyId = base62(random, KEY_ID_LENGTH)
  const secret = base62(random, SECRET_LENGTH)
  return { keyId, secretSha256: sha256(secret), text: `crt_${keyId}_${secret}` }
}

/** Null: not of the form. */
export function parseApiKey(text: string): NewApiKey | null {
  const [, keyId, secret] = TEXT.exec(text) ?? []
  if (keyId === undefined || secret === undefined) return null
  return { keyId, secretSha256: sha256(secret), text }
}

/** A plain hash suffices: 256 random bits cannot be guessed, however fast it is. */
function sha256(secret: string): Buffer {
  return hash('sha256', secret, 'buffer')
}

/** Uniform: bytes beyond the largest multiple of 62 are drawn again. */
function base62(random: Random, length: number): string {
  let text = ''
  while (text.length < length) {
    for (const byte of random.bytes(length - text.length)) {
      if (byte < 248) text += BASE62[byte % 62]
    }
  }
  return text
}

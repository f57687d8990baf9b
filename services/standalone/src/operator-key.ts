import type { Random } from '@courant/kernel'

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** Bytes from here on are drawn again: a remainder would prefer the first characters. */
const FAIR_BYTES = 256 - (256 % ALPHABET.length)

/** A new key of the platform's operator, `crt_<16>_<43>`: 256 bits in the secret part. */
export function newOperatorKey(random: Random): string {
  return `crt_${characters(random, 16)}_${characters(random, 43)}`
}

function characters(random: Random, count: number): string {
  let text = ''
  while (text.length < count) {
    for (const byte of random.bytes(count)) {
      if (byte < FAIR_BYTES && text.length < count) text += ALPHABET[byte % ALPHABET.length]
    }
  }
  return text
}

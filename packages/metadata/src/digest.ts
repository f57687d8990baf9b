import { hash } from 'node:crypto'

/** Kinds of live entries, as they are spelt in the digest and in `Deleted.kind`. */
export type EntryKind = 'tenant' | 'api_key' | 'topic' | 'partition' | 'broker'

const MODULUS = 2 ** 48

/**
 * The digest of a copy (see Digest in metadata.proto): a sum, so that it can be kept up to date one
 * entry at a time whatever their order. Two copies with equal digests at the same version hold the
 * same entries in the same state, unless SHA-256 collides.
 */
export class DigestSum {
  #sum = 0

  get value(): number {
    return this.#sum
  }

  add(kind: EntryKind, key: string, version: number): void {
    this.#sum = (this.#sum + term(kind, key, version)) % MODULUS
  }

  subtract(kind: EntryKind, key: string, version: number): void {
    this.#sum = (this.#sum - term(kind, key, version) + MODULUS) % MODULUS
  }
}

function term(kind: EntryKind, key: string, version: number): number {
  return hash('sha256', `${kind}/${key}/${version}`, 'buffer').readUIntBE(0, 6)
}

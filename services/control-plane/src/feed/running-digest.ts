/** The digest of metadata.proto of our own copy, kept up to date entry by entry. */
import { hash } from 'node:crypto'
import type { ChangeKind } from '../schema/cluster.ts'
import { type FeedAudience, isFor } from './audience.ts'

export const DIGEST_MODULUS = 2 ** 48

/** Sums modulo 2^48, one for each audience. */
export type DigestSums = Readonly<Record<FeedAudience, number>>

export class RunningDigest {
  #gateway = 0
  #broker = 0

  get sums(): DigestSums {
    return { gateway: this.#gateway, broker: this.#broker }
  }

  add(kind: ChangeKind, key: string, version: number): void {
    this.#shift(kind, term(kind, key, version))
  }

  subtract(kind: ChangeKind, key: string, version: number): void {
    this.#shift(kind, DIGEST_MODULUS - term(kind, key, version))
  }

  #shift(kind: ChangeKind, by: number): void {
    this.#gateway = (this.#gateway + by) % DIGEST_MODULUS
    if (isFor('broker', kind)) this.#broker = (this.#broker + by) % DIGEST_MODULUS
  }
}

function term(kind: ChangeKind, key: string, version: number): number {
  return hash('sha256', `${kind}/${key}/${version}`, 'buffer').readUIntBE(0, 6)
}

import { BusError, type Clock } from '@courant/kernel'

export interface SigningKey {
  readonly keyId: number
  readonly secret: Buffer
}

/** What the keys need of the control plane. */
export interface ListsSigningKeys {
  /** Newest first. */
  listSigningKeys(): Promise<readonly SigningKey[]>
}

/** A new key is signed with at the latest this long after it was made. */
const READ_AGAIN_MS = 3_600_000
/** Tokens with keys that nobody knows do not become calls of the control plane. */
const ASK_AGAIN_MS = 1_000

/**
 * The keys that all gateways share (docs/adr/0011). Read when the first is needed, hourly, and when
 * another gateway has used one that is not known here.
 */
export class SigningKeys {
  readonly #source: ListsSigningKeys
  readonly #clock: Clock
  #keys: ReadonlyMap<number, SigningKey> = new Map()
  #newest: SigningKey | null = null
  #readAtMs = Number.NEGATIVE_INFINITY
  #reading: Promise<void> | null = null

  constructor(source: ListsSigningKeys, clock: Clock) {
    this.#source = source
    this.#clock = clock
  }

  /** The one to sign with. Rejects when none is known and the control plane cannot be asked. */
  async current(): Promise<SigningKey> {
    if (this.#newest === null) await this.#read()
    else if (this.#age() > READ_AGAIN_MS) void this.#read().catch(() => {})
    if (this.#newest === null) {
      throw new BusError('CONTROL_PLANE_UNAVAILABLE', 'The control plane has no signing key.')
    }
    return this.#newest
  }

  /** Null: nobody signs with it, or no longer. */
  async find(keyId: number): Promise<SigningKey | null> {
    const known = this.#keys.get(keyId)
    if (known !== undefined) return known
    if (this.#age() > ASK_AGAIN_MS) await this.#read()
    return this.#keys.get(keyId) ?? null
  }

  #age(): number {
    return this.#clock.monotonicMs() - this.#readAtMs
  }

  #read(): Promise<void> {
    this.#reading ??= this.#replace().finally(() => {
      this.#reading = null
    })
    return this.#reading
  }

  async #replace(): Promise<void> {
    const keys = await this.#source.listSigningKeys()
    this.#keys = new Map(keys.map((key) => [key.keyId, key]))
    this.#newest = keys[0] ?? null
    this.#readAtMs = this.#clock.monotonicMs()
  }
}

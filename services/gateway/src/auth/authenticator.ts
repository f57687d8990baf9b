import { hash, timingSafeEqual } from 'node:crypto'
import { BusError, type Clock } from '@courant/kernel'
import type { ApiKey } from '@courant/metadata'
import { type Credential, parseAuthorization } from './credentials.ts'
import type { Principal } from './principal.ts'
import type { UnknownNames } from './unknown-names.ts'

/** What the authenticator needs of the metadata copy. */
export interface ApiKeys {
  apiKey(keyId: string): ApiKey | null
}

interface Verified {
  readonly principal: Principal
  /** The row that the credential was checked against. Any change of the key makes another. */
  readonly apiKey: ApiKey
}

/** Headers whose verification is remembered. Beyond, all are forgotten: it costs a hash each. */
const VERIFIED_MAX = 10_000

/**
 * Turns an `Authorization` header into a principal. A header seen before is compared with the
 * metadata row that it was checked against, so a revoked key ends with the row and no time-out is
 * involved; hashing the secret again for every request would cost as much as all other admission.
 */
export class Authenticator {
  readonly #apiKeys: ApiKeys
  readonly #unknownKeys: UnknownNames
  readonly #clock: Clock
  readonly #verified = new Map<string, Verified>()

  constructor(apiKeys: ApiKeys, unknownKeys: UnknownNames, clock: Clock) {
    this.#apiKeys = apiKeys
    this.#unknownKeys = unknownKeys
    this.#clock = clock
  }

  /** Null: this header was not verified before, or is no longer good; ask `authenticate`. */
  recall(header: string): Principal | null {
    const verified = this.#verified.get(header)
    if (verified === undefined) return null
    const { principal, apiKey } = verified
    if (this.#apiKeys.apiKey(principal.keyId) === apiKey && !this.#hasExpired(apiKey)) {
      return principal
    }
    this.#verified.delete(header)
    return null
  }

  /** The whole check. Throws UNAUTHENTICATED, the same whatever was wrong with the credential. */
  async authenticate(header: string | undefined, address: string): Promise<Principal> {
    if (header === undefined) throw unauthenticated('An API key is required.')
    const credential = parseAuthorization(header)
    if (credential === null) throw unauthenticated(EXPECTED)
    const apiKey = await this.#find(credential.keyId, address)
    if (apiKey === null || !holds(apiKey, credential) || this.#hasExpired(apiKey)) {
      throw unauthenticated('The API key is not valid.')
    }
    const principal = principalOf(apiKey)
    if (this.#verified.size >= VERIFIED_MAX) this.#verified.clear()
    this.#verified.set(header, { principal, apiKey })
    return principal
  }

  async #find(keyId: string, address: string): Promise<ApiKey | null> {
    const known = this.#apiKeys.apiKey(keyId)
    if (known !== null) return known
    return (await this.#unknownKeys.resolve(keyId, address)) ? this.#apiKeys.apiKey(keyId) : null
  }

  #hasExpired(apiKey: ApiKey): boolean {
    return apiKey.expiresAtMs !== null && apiKey.expiresAtMs <= this.#clock.now()
  }
}

const EXPECTED = 'Authorization is "Bearer crt_<keyId>_<secret>", or Basic with keyId:secret.'

function unauthenticated(detail: string): BusError {
  return new BusError('UNAUTHENTICATED', detail)
}

/** In constant time: both sides are digests of one length. */
function holds(apiKey: ApiKey, credential: Credential): boolean {
  const given = hash('sha256', credential.secret, 'buffer')
  return apiKey.secretSha256.length === given.length && timingSafeEqual(apiKey.secretSha256, given)
}

function principalOf(apiKey: ApiKey): Principal {
  const { keyId, tenantId } = apiKey
  return tenantId === null ? { kind: 'operator', keyId } : { kind: 'tenant', tenantId, keyId }
}

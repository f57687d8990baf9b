import { createHmac, timingSafeEqual } from 'node:crypto'
import { BusError, limits } from '@courant/kernel'
import { decodeLease, encodeLease, type LeaseToken } from './lease-token.ts'
import type { SigningKeys } from './signing-keys.ts'

/** Whom a token was given to: bound by the signature, not told in the token. */
export interface Holder {
  readonly tenantId: string
  /** Id of the API key. */
  readonly principal: string
}

const VERSION = 1
const HEAD_BYTES = 5
/** HMAC-SHA-256 cut to half (RFC 2104, 5). */
const SIGNATURE_BYTES = 16
const BASE64URL = /^[A-Za-z0-9_-]+$/

/**
 * Lease tokens as text: base64url of a version byte, the id of the signing key (4 bytes), the body
 * (`encodeLease`) and the signature over all of that, the tenant and the principal.
 */
export class LeaseTokens {
  readonly #keys: SigningKeys

  constructor(keys: SigningKeys) {
    this.#keys = keys
  }

  async issue(holder: Holder, token: LeaseToken): Promise<string> {
    const { keyId, secret } = await this.#keys.current()
    const head = Buffer.alloc(HEAD_BYTES)
    head[0] = VERSION
    head.writeUInt32BE(keyId, 1)
    const signed = Buffer.concat([head, encodeLease(token)])
    return Buffer.concat([signed, signatureOf(secret, holder, signed)]).toString('base64url')
  }

  /** Throws INVALID_LEASE_TOKEN for anything that was not issued to this holder. */
  async read(holder: Holder, text: string): Promise<LeaseToken> {
    if (text.length > limits.leaseTokenLengthMax || !BASE64URL.test(text)) {
      throw invalid('This is no lease token: take leaseToken from the answer of a poll.')
    }
    const bytes = Buffer.from(text, 'base64url')
    const isWhole = bytes.length > HEAD_BYTES + SIGNATURE_BYTES
    if (!isWhole || bytes[0] !== VERSION || bytes.toString('base64url') !== text) {
      throw invalid('This is no lease token, or only a part of one.')
    }
    const key = await this.#keys.find(bytes.readUInt32BE(1))
    if (key === null) throw invalid('The token is too old, or of another cluster.')
    const signed = bytes.subarray(0, bytes.length - SIGNATURE_BYTES)
    const signature = bytes.subarray(signed.length)
    if (!timingSafeEqual(signature, signatureOf(key.secret, holder, signed))) {
      throw invalid('The token was altered, or given to another tenant or API key.')
    }
    return decodeLease(signed.subarray(HEAD_BYTES))
  }
}

/** Neither id holds a slash. */
function signatureOf(secret: Buffer, { tenantId, principal }: Holder, signed: Buffer): Buffer {
  const mac = createHmac('sha256', secret)
  mac.update(`courant-lease/${tenantId}/${principal}/`)
  return mac.update(signed).digest().subarray(0, SIGNATURE_BYTES)
}

function invalid(detail: string): BusError {
  return new BusError('INVALID_LEASE_TOKEN', detail)
}

/** Goal: a token is read only by whom it was given to, and nothing else is ever believed. */
import { BusError, systemClock } from '@courant/kernel'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeLease, encodeLease, type LeaseToken } from './lease-token.ts'
import { LeaseTokens } from './lease-tokens.ts'
import { SigningKeys } from './signing-keys.ts'

const name = fc.stringMatching(/^[A-Za-z0-9._-]{1,64}$/)
const natural = fc.maxSafeNat()
const token: fc.Arbitrary<LeaseToken> = fc.record({
  group: name,
  memberId: name,
  memberEpoch: natural,
  pollNumber: natural,
  issuedAtMs: natural,
  topics: fc.array(
    fc.record({
      topicId: fc.uuid().map((id) => id.toLowerCase()),
      partitions: fc.array(
        fc.record({
          partition: fc.nat(),
          offset: natural,
          leaderEpoch: fc.integer({ min: -1, max: 0x7fffffff }),
        }),
      ),
    }),
    { maxLength: 5 },
  ),
})
const holder = { tenantId: '0b9e4a52-5f0e-4d8e-b3a5-4a1f9d2c7e61', principal: 'V1StGXR8Z5jdHi6B' }

const keys = [2, 1].map((keyId) => ({ keyId, secret: Buffer.alloc(32, keyId) }))
const gateway = (known: typeof keys): LeaseTokens =>
  new LeaseTokens(new SigningKeys({ listSigningKeys: async () => known }, systemClock))
const tokens = gateway(keys)

const refused = { code: 'INVALID_LEASE_TOKEN' }

describe('a lease token', () => {
  it('is read as it was issued, by any gateway that has the keys', async () => {
    const anyToken = async (given: LeaseToken) => {
      const text = await gateway(keys.slice(1)).issue(holder, given)
      expect(await tokens.read(holder, text)).toEqual(given)
    }
    await fc.assert(fc.asyncProperty(token, anyToken), { numRuns: 50 })
  })

  it('is refused when any byte of it was changed, or the end is missing', async () => {
    const anyChange = async (given: LeaseToken, at: number, flip: number) => {
      const bytes = Buffer.from(await tokens.issue(holder, given), 'base64url')
      const place = at % bytes.length
      const cut = bytes.subarray(0, place).toString('base64url')
      await expect(tokens.read(holder, cut)).rejects.toMatchObject(refused)
      bytes[place] = (bytes[place] ?? 0) ^ flip
      const changed = bytes.toString('base64url')
      await expect(tokens.read(holder, changed)).rejects.toMatchObject(refused)
    }
    const flip = fc.integer({ min: 1, max: 255 })
    await fc.assert(fc.asyncProperty(token, fc.nat(), flip, anyChange), { numRuns: 50 })
  })

  it('is refused from another tenant and from another key of the same tenant', async () => {
    const [given] = fc.sample(token, 1)
    if (given === undefined) throw new Error('there is a sample')
    const text = await tokens.issue(holder, given)
    const other = { ...holder, principal: 'V1StGXR8Z5jdHi6C' }
    await expect(tokens.read(other, text)).rejects.toMatchObject(refused)
    const stranger = { ...holder, tenantId: '0b9e4a52-5f0e-4d8e-b3a5-4a1f9d2c7e62' }
    await expect(tokens.read(stranger, text)).rejects.toMatchObject(refused)
  })

  it('costs about ten bytes a partition', () => {
    const [first] = fc.sample(token, 1)
    if (first === undefined) throw new Error('there is a sample')
    const partitions = Array.from({ length: 1_000 }, (_, partition) => ({
      partition,
      offset: 1_000_000_000,
      leaderEpoch: 40,
    }))
    const topics = [{ topicId: 'a7f1c2d4-0000-4000-8000-000000000001', partitions }]
    expect(encodeLease({ ...first, topics }).length).toBeLessThan(10_000)
  })
})

describe('the parser', () => {
  it('reads any bytes within their bounds, or says what they are', () => {
    const anyBytes = (bytes: Uint8Array) => {
      try {
        const read = decodeLease(Buffer.from(bytes))
        expect(decodeLease(encodeLease(read))).toEqual(read)
      } catch (error) {
        expect(error).toBeInstanceOf(BusError)
        expect(error).toMatchObject(refused)
      }
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), anyBytes), { numRuns: 2_000 })
  })
})

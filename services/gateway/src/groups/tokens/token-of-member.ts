import { problemAt } from '../../produce/record-problem.ts'
import type { LeaseToken } from './lease-token.ts'
import type { Holder, LeaseTokens } from './lease-tokens.ts'

export interface TokenPlace extends Holder {
  readonly group: string
  /** Null where the token itself says which member. */
  readonly memberId: string | null
}

/** Reads a token that is to be of this group and member. Throws INVALID_LEASE_TOKEN. */
export async function tokenOfMember(
  tokens: LeaseTokens,
  { tenantId, principal, group, memberId }: TokenPlace,
  text: string,
  pointer: string,
): Promise<LeaseToken> {
  const token = await tokens.read({ tenantId, principal }, text)
  if (token.group !== group) {
    throw problemAt('INVALID_LEASE_TOKEN', pointer, 'The token was given to another group.')
  }
  if (memberId !== null && token.memberId !== memberId) {
    throw problemAt('INVALID_LEASE_TOKEN', pointer, 'The token was given to another member.')
  }
  return token
}

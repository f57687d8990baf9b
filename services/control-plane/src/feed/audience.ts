import { Audience } from '@courant/api/internal/v1/metadata'
import type { ChangeKind } from '../schema/cluster.ts'

/** Who watches. Brokers get no tenant and no credential. */
export type FeedAudience = 'gateway' | 'broker'

const BROKER_KINDS: ReadonlySet<ChangeKind> = new Set(['broker', 'topic', 'partition'])

export function isFor(audience: FeedAudience, kind: ChangeKind): boolean {
  return audience === 'gateway' || BROKER_KINDS.has(kind)
}

/** An unknown audience gets the least. */
export function audienceOf(wire: Audience): FeedAudience {
  return wire === Audience.AUDIENCE_GATEWAY ? 'gateway' : 'broker'
}

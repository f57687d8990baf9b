import { type Clock, type TenantId, tenantId } from '@courant/kernel'
import { type AwaitsVersion, type LookupAnswer, UnknownNames } from '../auth/unknown-names.ts'

/** What the look-ups need of the control plane. */
interface LooksUpTopics {
  lookupTopic(tenant: TenantId, name: string): Promise<LookupAnswer>
}

/** Look-ups of topics by `tenant/name`: neither an id nor a name holds a slash. */
export function topicLookUps(
  controlPlane: LooksUpTopics,
  copy: AwaitsVersion,
  clock: Clock,
): UnknownNames {
  const ask = (key: string): Promise<LookupAnswer> => {
    const slash = key.indexOf('/')
    return controlPlane.lookupTopic(tenantId(key.slice(0, slash)), key.slice(slash + 1))
  }
  return new UnknownNames(ask, copy, clock)
}

import { BusError, tenantId } from '@courant/kernel'
import type { CallOptions } from '../../../control-plane/control-plane.ts'
import type { GatewayParts } from '../../../gateway-parts.ts'
import { problemAt } from '../../../produce/record-problem.ts'

interface Named {
  readonly topicId?: string
  readonly tenant?: string
  readonly topic?: string
}

/**
 * The topic that an operator names by its tenant and its name; null where neither is given. Throws
 * INVALID_ARGUMENT where they are not given together, TENANT_NOT_FOUND and TOPIC_NOT_FOUND.
 */
export async function topicByTenant(
  { controlPlane, topics }: GatewayParts,
  { topicId, tenant, topic }: Named,
  options: CallOptions,
): Promise<string | null> {
  if (tenant === undefined && topic === undefined) return null
  if (tenant === undefined || topic === undefined) {
    const missing = tenant === undefined ? '?tenant' : '?topic'
    throw problemAt('INVALID_ARGUMENT', missing, 'Give tenant and topic together.')
  }
  if (topicId !== undefined) {
    throw problemAt('INVALID_ARGUMENT', '?topicId', 'Give either this or tenant and topic.')
  }
  // The list is in the order of names, so of those that begin with it the name itself is the first.
  const page = { prefix: tenant, limit: 1, afterName: '' }
  const [found] = (await controlPlane.listTenants(page, options)).tenants
  if (found?.name !== tenant) {
    throw new BusError('TENANT_NOT_FOUND', `There is no tenant ${JSON.stringify(tenant)}.`)
  }
  return (await topics.resolve(tenantId(found.tenantId), topic)).topicId
}

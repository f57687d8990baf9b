import type { CreateTenantResponse } from '@courant/api/internal/v1/admin'
import type { Random } from '@courant/kernel'
import { newApiKey } from '../../../src/api-keys/api-key-secret.ts'
import { apiKeyWire } from '../../../src/api-keys/api-key-wire.ts'
import type { ApiKeyRow } from '../../../src/schema/api-key.ts'
import { checkTenantName } from '../../../src/tenants/tenant-name.ts'
import { tenantWire } from '../../../src/tenants/tenant-wire.ts'
import type { ModelCluster } from '../database/model-cluster.ts'
import { currentVersion, transaction, type Work } from '../database/transaction.ts'

export function* createTenant(
  { cluster, random }: { readonly cluster: ModelCluster; readonly random: Random },
  name: string,
): Work<CreateTenantResponse> {
  checkTenantName(name)
  const tenantId = random.uuid()
  const key = newApiKey(random)
  const { keyId, secretSha256, text } = key
  return yield* transaction((within) => {
    const { tenants, apiKeys } = within.state
    const createdAt = new Date(within.nowMs)
    const known = [...tenants.values()].find((row) => row.name === name)
    if (known !== undefined) {
      const own = known.tenantId === tenantId ? apiKeys.get(keyId) : undefined
      return {
        tenant: tenantWire(known),
        created: own !== undefined,
        apiKey: own && apiKeyWire(own),
        apiKeyText: own === undefined ? '' : text,
        metadataVersion: currentVersion(within),
      }
    }
    const tenant = { tenantId, name, createdAt }
    const scope = 'tenant_admin'
    const row: ApiKeyRow = {
      ...{ keyId, tenantId, secretSha256, scope, createdAt },
      name: 'admin',
      expiresAt: null,
    }
    tenants.set(tenantId, tenant)
    apiKeys.set(keyId, row)
    const metadataVersion = cluster.record(within, [
      { kind: 'tenant', key: tenantId },
      { kind: 'api_key', key: keyId },
    ])
    const answer = { tenant: tenantWire(tenant), apiKey: apiKeyWire(row), apiKeyText: text }
    return { ...answer, created: true, metadataVersion }
  }, 'repeat')
}

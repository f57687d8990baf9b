import { callUnary } from '@courant/api'
import { ApiKeyAdminServiceClient, TenantAdminServiceClient } from '@courant/api/internal/v1/admin'
import { type Address, assert, type Clock } from '@courant/kernel'
import { credentials } from '@grpc/grpc-js'

/** The tenant that a standalone begins with. */
export const DEFAULT_TENANT = 'default'

const CALL_MS_MAX = 30_000
const PAGE = 1_000

/**
 * A working API key of the default tenant: the one known from before if it is still there, else a
 * new one. A key is shown once, so one that was made just before a crash is lost; so is one that
 * was revoked, or made in another database.
 */
export async function ensureDefaultTenant(
  controlPlane: Address,
  clock: Clock,
  knownKey: string | null,
): Promise<string> {
  const target = `${controlPlane.host}:${controlPlane.port}`
  const tenants = new TenantAdminServiceClient(target, credentials.createInsecure())
  const apiKeys = new ApiKeyAdminServiceClient(target, credentials.createInsecure())
  const call = { timeoutMs: CALL_MS_MAX, clock }
  try {
    const created = await callUnary(
      tenants.createTenant.bind(tenants),
      { name: DEFAULT_TENANT },
      call,
    )
    if (created.created) return created.apiKeyText
    assert(created.tenant !== undefined, 'a tenant that exists is answered')
    const { tenantId } = created.tenant
    if (knownKey !== null && (await hasKey(apiKeys, tenantId, keyIdOf(knownKey), clock))) {
      return knownKey
    }
    const request = { tenantId, name: 'standalone', expiresAtMs: 0 }
    return (await callUnary(apiKeys.createApiKey.bind(apiKeys), request, call)).apiKeyText
  } finally {
    tenants.close()
    apiKeys.close()
  }
}

async function hasKey(
  apiKeys: ApiKeyAdminServiceClient,
  tenantId: string,
  keyId: string,
  clock: Clock,
): Promise<boolean> {
  const list = apiKeys.listApiKeys.bind(apiKeys)
  let afterKeyId = ''
  for (;;) {
    const page = await callUnary(
      list,
      { tenantId, limit: PAGE, afterKeyId, prefix: '' },
      { timeoutMs: CALL_MS_MAX, clock },
    )
    if (page.apiKeys.some((key) => key.keyId === keyId)) return true
    const last = page.apiKeys.at(-1)
    if (!page.more || last === undefined) return false
    afterKeyId = last.keyId
  }
}

/** The public part of `crt_<keyId>_<secret>`. */
function keyIdOf(key: string): string {
  return key.split('_')[1] ?? ''
}

import type {
  LookupApiKeyRequest,
  LookupApiKeyResponse,
  LookupTopicRequest,
  LookupTopicResponse,
} from '@courant/api/internal/v1/metadata'
import { isUuid } from '@courant/kernel'
import { currentVersion, transaction, type Work } from '../database/transaction.ts'
import { findTopic } from './tenant-topics.ts'

export function* lookupTopic({ tenantId, name }: LookupTopicRequest): Work<LookupTopicResponse> {
  if (!isUuid(tenantId)) return { found: false, metadataVersion: 0 }
  return yield* transaction((within) => ({
    found: findTopic(within, tenantId, name) !== null,
    metadataVersion: currentVersion(within),
  }))
}

export function lookupApiKey({ keyId }: LookupApiKeyRequest): Work<LookupApiKeyResponse> {
  return transaction((within) => ({
    found: within.state.apiKeys.has(keyId),
    metadataVersion: currentVersion(within),
  }))
}

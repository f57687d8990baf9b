import {
  type BrokerId,
  brokerId,
  decodeTopicConfig,
  type TenantId,
  type TopicConfig,
  tenantId,
} from '@courant/kernel'

/** The settings of a topic in both forms. */
export interface InternedConfig {
  readonly settings: Readonly<Record<string, string>>
  readonly config: TopicConfig
}

/**
 * Gives equal values one object. A hundred thousand topics name a few thousand tenants, have a few
 * dozen distinct settings, and their partitions a few hundred distinct replica lists; decoded from
 * the wire, each would be a copy of its own.
 */
export class Interner {
  readonly #configs = new Map<string, InternedConfig>()
  readonly #brokers = new Map<string, readonly BrokerId[]>()
  readonly #tenants = new Map<string, TenantId>()

  config(settings: Readonly<Record<string, string>>): InternedConfig {
    const sorted = Object.entries(settings).sort(([a], [b]) => (a < b ? -1 : 1))
    const key = JSON.stringify(sorted)
    const known = this.#configs.get(key)
    if (known !== undefined) return known
    const fresh = {
      settings: Object.freeze(Object.fromEntries(sorted)),
      config: Object.freeze(decodeTopicConfig(settings)),
    }
    this.#configs.set(key, fresh)
    return fresh
  }

  brokers(ids: readonly number[]): readonly BrokerId[] {
    const key = ids.join(',')
    const known = this.#brokers.get(key)
    if (known !== undefined) return known
    const fresh = Object.freeze(ids.map(brokerId))
    this.#brokers.set(key, fresh)
    return fresh
  }

  tenant(id: string): TenantId {
    const known = this.#tenants.get(id)
    if (known !== undefined) return known
    const fresh = tenantId(id)
    this.#tenants.set(id, fresh)
    return fresh
  }
}

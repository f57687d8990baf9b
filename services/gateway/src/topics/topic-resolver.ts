import { BusError, type TenantId, topicNameProblem } from '@courant/kernel'
import type { Topic } from '@courant/metadata'
import type { UnknownNames } from '../auth/unknown-names.ts'

/** What the resolver needs of the metadata copy. */
export interface TopicsByName {
  topicByName(tenant: TenantId, name: string): Topic | null
}

/**
 * From a tenant and a name to the topic: the tenant wall (architecture D5). Whatever a caller
 * names, it is looked up inside the caller's tenant, so another tenant's topic and none at all are
 * one case.
 */
export class TopicResolver {
  readonly #topics: TopicsByName
  readonly #unknown: UnknownNames

  constructor(topics: TopicsByName, unknown: UnknownNames) {
    this.#topics = topics
    this.#unknown = unknown
  }

  /** At once, from the copy; null where `resolve` would ask. */
  find(tenant: TenantId, name: string): Topic | null {
    return this.#topics.topicByName(tenant, name)
  }

  /** Asks the control plane about a name that the copy does not hold. Throws TOPIC_NOT_FOUND. */
  async resolve(tenant: TenantId, name: string): Promise<Topic> {
    const known = this.find(tenant, name)
    if (known !== null) return known
    const mayExist =
      topicNameProblem(name) === null && (await this.#unknown.resolve(`${tenant}/${name}`, tenant))
    const topic = mayExist ? this.find(tenant, name) : null
    if (topic === null) throw topicNotFound(name)
    return topic
  }
}

/** The same for a topic of another tenant and for one that nobody has. Says how to create it. */
function topicNotFound(name: string): BusError {
  const shown = name.length > SHOWN_LENGTH_MAX ? `${name.slice(0, SHOWN_LENGTH_MAX)}…` : name
  const how = 'Topics are not created by writing to them; create it with POST /v1/topics.'
  return new BusError('TOPIC_NOT_FOUND', `There is no topic ${JSON.stringify(shown)}. ${how}`)
}

const SHOWN_LENGTH_MAX = 100

import type { Clock, Network } from '@courant/kernel'
import type { MetadataCopy } from '@courant/metadata'
import type { Health, Logger } from '@courant/service-kit'
import type { ControlPlane } from './control-plane/control-plane.ts'
import type { Groups } from './groups/groups.ts'
import type { Documents } from './rest/service/documents.ts'
import type { TopicBrokers } from './rest/topics/topic-brokers.ts'
import type { TopicResolver } from './topics/topic-resolver.ts'

/** What the handlers of the management routes work with. One of each a gateway. */
export interface GatewayParts {
  readonly clock: Clock
  readonly network: Network
  readonly log: Logger
  readonly health: Health
  readonly metadata: MetadataCopy
  readonly controlPlane: ControlPlane
  readonly topics: TopicResolver
  readonly brokers: TopicBrokers
  readonly groups: Groups
  readonly documents: Documents
}

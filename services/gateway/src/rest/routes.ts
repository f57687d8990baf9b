/** The table: every route of the public API, in the order of the reference. */
import { createApiKey } from './api-keys/create.ts'
import { listApiKeys } from './api-keys/list.ts'
import { revokeApiKey } from './api-keys/revoke.ts'
import { clusterRoutes } from './cluster/cluster-routes.ts'
import { groupRoutes } from './groups/group-routes.ts'
import type { Route } from './route.ts'
import { errorsPage, openApi, referencePage, root } from './service/documents.ts'
import { liveness, readiness } from './service/health.ts'
import { createTenant } from './tenants/create.ts'
import { listTenants } from './tenants/list.ts'
import { addPartitions } from './topics/add-partitions.ts'
import { alterTopic } from './topics/alter.ts'
import { createTopic } from './topics/create.ts'
import { deleteTopic } from './topics/delete.ts'
import { deleteRecords } from './topics/delete-records.ts'
import { describeTopic } from './topics/describe.ts'
import { listHeaviestKeys } from './topics/heaviest-keys.ts'
import { listTopics } from './topics/list.ts'

/** Routes with plain JSON in and out. */
export const managementRoutes: readonly Route[] = [
  createTopic,
  listTopics,
  describeTopic,
  alterTopic,
  addPartitions,
  listHeaviestKeys,
  deleteRecords,
  deleteTopic,
  ...groupRoutes,
  createApiKey,
  listApiKeys,
  revokeApiKey,
  createTenant,
  listTenants,
  ...clusterRoutes,
  liveness,
  readiness,
  openApi,
  referencePage,
  errorsPage,
  root,
]

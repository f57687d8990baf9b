import { limits } from '@courant/kernel'
import { Type } from 'typebox'
import type { CallOptions } from '../../../control-plane/control-plane.ts'
import type { GatewayParts } from '../../../gateway-parts.ts'
import { type AskedBroker, askBrokers } from '../../../restore/ask-brokers.ts'
import { topicNames } from '../../../restore/topic-names.ts'
import { operatorRoute } from '../../define-route.ts'
import { JSON_TYPE } from '../../samples.ts'
import { CLOSED } from '../../schemas.ts'
import { sampleRestoreReport } from '../cluster-samples.ts'
import { RestoreReport, restoreReportView } from './restore-report.ts'

const Body = Type.Object(
  {
    acceptDataLoss: Type.Boolean({
      description:
        'What was made or changed after the backup may be lost for good. False: only report what ' +
        'would be done.',
    }),
  },
  CLOSED,
)

export const restoreCluster = operatorRoute({
  method: 'POST',
  path: '/v1/cluster/restore',
  operationId: 'restoreCluster',
  tag: 'Cluster',
  summary: 'Go on with an old backup of the database',
  description:
    'For a cluster that answers `METADATA_ROLLBACK`, and whose newest database is lost. Every ' +
    'broker is asked for its logs, and each partition is led by the one that has everything; ' +
    'every epoch is beyond what anybody has seen. Call it with `"acceptDataLoss": false` first: ' +
    'that changes nothing and tells what would be done.\n\n' +
    'Brokers that do not answer must stay stopped until it is done. Where the database has not ' +
    'gone back in time it changes nothing, so a repeat after success does no harm.',
  isolation: 'none',
  body: { [JSON_TYPE]: { schema: Body, example: { acceptDataLoss: false } } },
  responses: {
    200: {
      description: 'The report, and whether it was done.',
      content: { [JSON_TYPE]: { schema: RestoreReport, example: sampleRestoreReport } },
    },
  },
  errors: ['TIMED_OUT'],

  async handle(gateway, { body: { acceptDataLoss }, requestId, signal }) {
    const { controlPlane, metadata } = gateway
    const options = { requestId, signal }
    const { brokers, silentBrokers } = await askBrokers(
      gateway,
      await brokersToAsk(gateway, options),
    )
    const names = topicNames(metadata, brokers)
    const request = { brokers: [...brokers], silentBrokers: [...silentBrokers], acceptDataLoss }
    const report = await controlPlane.cluster.restoreCluster(request, options)
    await metadata.atLeast(report.newMetadataVersion, limits.controlPlaneTimeoutMs)
    return { status: 200, body: restoreReportView(report, names) }
  },
})

/** A broker may be known here only, or to the database only; one that has moved, at both places. */
async function brokersToAsk(
  { controlPlane, metadata }: GatewayParts,
  options: CallOptions,
): Promise<AskedBroker[]> {
  const { brokers } = await controlPlane.cluster.listBrokers(options)
  const inDatabase = brokers.flatMap(({ broker }) => broker ?? [])
  return [...metadata.brokers(), ...inDatabase]
}

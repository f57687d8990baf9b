import { type ReplicaReport, ReplicaStanding } from '@courant/api/internal/v1/cluster'
import { BusError, limits } from '@courant/kernel'
import { Type } from 'typebox'
import { operatorRoute } from '../../define-route.ts'
import { JSON_TYPE, sampleSummary } from '../../samples.ts'
import { CLOSED, nullable } from '../../schemas.ts'
import { brokerStateName } from '../brokers/broker-view.ts'
import { BrokerStateName, GivenBrokerId, GivenPartition, GivenTopicId } from '../cluster-schemas.ts'

const Body = Type.Object(
  {
    topicId: GivenTopicId,
    partition: GivenPartition,
    brokerId: GivenBrokerId,
    acceptDataLoss: Type.Boolean({
      description:
        'Acknowledged records may be lost for good. False: only report what is known of each ' +
        'replica.',
    }),
  },
  CLOSED,
)

const STANDINGS = ['IN_SYNC', 'ELIGIBLE', 'LAST_KNOWN_ELIGIBLE', 'BEHIND'] as const
type Standing = (typeof STANDINGS)[number]

const Report = Type.Object({
  brokerId: Type.Integer(),
  state: nullable(
    Type.Unsafe<BrokerStateName>({ ...BrokerStateName, description: 'Null: it was removed.' }),
  ),
  standing: Type.Unsafe<Standing>({
    type: 'string',
    enum: [...STANDINGS],
    description:
      'IN_SYNC and ELIGIBLE: has every acknowledged record, as long as its disk is what it was. ' +
      'LAST_KNOWN_ELIGIBLE: had, until its disk could not be vouched for. BEHIND: may lack any ' +
      'number of records.',
  }),
})

const Answer = Type.Object({
  elected: Type.Boolean(),
  replicas: Type.Array(Report, { description: 'What was known of each before the election.' }),
  leader: nullable(Type.Integer({ description: 'As it is now.' })),
  leaderEpoch: Type.Integer(),
})

export const electUncleanLeader = operatorRoute({
  method: 'POST',
  path: '/v1/cluster/elections/unclean',
  operationId: 'electUncleanLeader',
  tag: 'Cluster',
  summary: 'Elect a leader that may lack acknowledged records',
  description:
    'The last resort for a partition of which every replica that has everything is lost for good. ' +
    'The named replica leads, and the others cut their logs to its own. Call it with ' +
    '`"acceptDataLoss": false` first: that changes nothing and tells what is known of each ' +
    'replica.\n\n' +
    'While a clean election is possible the answer is `ELECTION_NOT_NEEDED`, so a repeat after ' +
    'success does no harm.',
  isolation: 'none',
  body: {
    [JSON_TYPE]: {
      schema: Body,
      example: {
        topicId: sampleSummary.topicId,
        partition: 3,
        brokerId: 2,
        acceptDataLoss: false,
      },
    },
  },
  responses: {
    200: {
      description: 'The report, and whether there was an election.',
      content: {
        [JSON_TYPE]: {
          schema: Answer,
          example: {
            elected: false,
            replicas: [
              { brokerId: 1, state: 'FENCED', standing: 'ELIGIBLE' },
              { brokerId: 2, state: 'ACTIVE', standing: 'BEHIND' },
            ],
            leader: null,
            leaderEpoch: 6,
          },
        },
      },
    },
  },
  errors: ['PARTITION_NOT_FOUND', 'ELECTION_NOT_NEEDED', 'INVALID_REPLICA_ASSIGNMENT', 'TIMED_OUT'],

  async handle({ controlPlane, metadata }, { body, requestId, signal }) {
    const { elected, replicas, row, metadataVersion } = await controlPlane.cluster
      .electUncleanLeader(body, { requestId, signal })
      .catch(pointAtBroker)
    await metadata.atLeast(metadataVersion, limits.controlPlaneTimeoutMs)
    return {
      status: 200,
      body: {
        elected,
        replicas: replicas.map(reportView),
        leader: row?.leader ?? null,
        leaderEpoch: row?.leaderEpoch ?? -1,
      },
    }
  },
})

const STANDING_NAMES: Readonly<Partial<Record<ReplicaStanding, Standing>>> = {
  [ReplicaStanding.REPLICA_STANDING_IN_SYNC]: 'IN_SYNC',
  [ReplicaStanding.REPLICA_STANDING_ELIGIBLE]: 'ELIGIBLE',
  [ReplicaStanding.REPLICA_STANDING_LAST_KNOWN_ELIGIBLE]: 'LAST_KNOWN_ELIGIBLE',
}

function reportView({ brokerId, registered, state, standing }: ReplicaReport) {
  return {
    brokerId,
    state: registered ? brokerStateName(state) : null,
    standing: STANDING_NAMES[standing] ?? 'BEHIND',
  }
}

/** The one code that is about one member of the body. */
function pointAtBroker(error: unknown): never {
  if (!(error instanceof BusError) || error.code !== 'INVALID_REPLICA_ASSIGNMENT') throw error
  const violations = [{ pointer: '/brokerId', detail: error.detail }]
  throw new BusError(error.code, error.detail, { violations })
}

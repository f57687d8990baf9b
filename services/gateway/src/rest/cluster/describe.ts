import { Type } from 'typebox'
import { operatorRoute } from '../define-route.ts'
import { JSON_TYPE } from '../samples.ts'
import { nullable } from '../schemas.ts'
import { BrokerStateName } from './cluster-schemas.ts'

const Answer = Type.Object(
  {
    clusterId: nullable(Type.String({ description: 'Null until metadata has arrived.' })),
    clusterIncarnation: nullable(
      Type.Integer({ description: 'Grows when an operator begins anew from a backup.' }),
    ),
    metadataVersion: Type.Integer({ description: "Of this gateway's copy." }),
    brokers: Type.Array(
      Type.Object({
        brokerId: Type.Integer(),
        brokerEpoch: Type.Integer(),
        host: Type.String(),
        port: Type.Integer(),
        rack: Type.String(),
        state: BrokerStateName,
      }),
    ),
  },
  { $id: 'Cluster' },
)

const STATES = { active: 'ACTIVE', fenced: 'FENCED', draining: 'STOPPING' } as const

export const describeCluster = operatorRoute({
  method: 'GET',
  path: '/v1/cluster',
  operationId: 'describeCluster',
  tag: 'Cluster',
  summary: 'Describe the cluster as this gateway knows it',
  description:
    "From the gateway's copy of the metadata, so that it is answered also while the control plane " +
    'is away. Two gateways that differ for long in `metadataVersion` do not hear the same. Safe to ' +
    'repeat.',
  isolation: 'none',
  responses: {
    200: {
      description: 'The copy, at this moment.',
      content: {
        [JSON_TYPE]: {
          schema: Answer,
          example: {
            clusterId: '5d0c9f0e-54a3-4f0e-9f55-0f2f7a1f5d11',
            clusterIncarnation: 1,
            metadataVersion: 4_711,
            brokers: [
              {
                brokerId: 1,
                brokerEpoch: 17,
                host: '10.0.3.17',
                port: 7072,
                rack: 'eu-1a',
                state: 'ACTIVE',
              },
            ],
          },
        },
      },
    },
  },
  errors: [],

  handle({ metadata }) {
    const { cluster, version } = metadata
    const brokers = metadata.brokers().map((broker) => ({
      brokerId: broker.brokerId,
      brokerEpoch: broker.brokerEpoch,
      host: broker.host,
      port: broker.port,
      rack: broker.rack,
      state: STATES[broker.state],
    }))
    return {
      status: 200,
      body: {
        clusterId: cluster?.clusterId ?? null,
        clusterIncarnation: cluster?.clusterIncarnation ?? null,
        metadataVersion: version,
        brokers,
      },
    }
  },
})

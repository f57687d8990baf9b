import type { Broker as BrokerRow } from '@courant/metadata'
import { Type } from 'typebox'
import { operatorRoute } from '../define-route.ts'
import { JSON_TYPE, sampleBroker } from '../samples.ts'
import { Broker, NextCursor } from '../schemas.ts'

const Answer = Type.Object({ brokers: Type.Array(Broker), nextCursor: NextCursor })

const STATES = { active: 'ACTIVE', fenced: 'FENCED', draining: 'DRAINING' } as const

export const listBrokers = operatorRoute({
  method: 'GET',
  path: '/v1/brokers',
  operationId: 'listBrokers',
  tag: 'Platform',
  summary: 'List brokers',
  description:
    'As this gateway knows them, in the order of their ids. There are few, so there is one page. ' +
    'Safe to repeat.',
  isolation: 'none',
  responses: {
    200: {
      description: 'All brokers.',
      content: {
        [JSON_TYPE]: { schema: Answer, example: { brokers: [sampleBroker], nextCursor: null } },
      },
    },
  },
  errors: [],

  handle({ metadata }) {
    const brokers = metadata.brokers().map((broker) => {
      const partitions = [...metadata.partitionsOn(broker.brokerId)]
      const leaderOf = partitions.filter(({ leader }) => leader === broker.brokerId).length
      return { ...brokerView(broker), leaderOf }
    })
    return { status: 200, body: { brokers, nextCursor: null } }
  },
})

function brokerView({ brokerId, host, port, rack, state }: BrokerRow) {
  return { brokerId, host, port, rack, state: STATES[state] }
}

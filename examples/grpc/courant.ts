import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  credentials,
  type GrpcObject,
  loadPackageDefinition,
  Metadata,
  type ServiceClientConstructor,
} from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'

const PROTO = join(import.meta.dirname, '../../proto')

/** Clients of the services that this example uses, and the metadata that proves who we are. */
export function connect() {
  const { address, apiKey } = whereabouts()
  const services = ['record', 'topic', 'consumer']
  const files = services.map((name) => `courant/v1/${name}_service.proto`)
  const loaded = loadPackageDefinition(loadSync(files, { includeDirs: [PROTO] }))
  const courant = loaded['courant'] as GrpcObject
  const clients = courant['v1'] as Readonly<Record<string, ServiceClientConstructor>>
  const client = (name: string) => {
    const Service = clients[name]
    if (Service === undefined) throw new Error(`There is no service ${name}.`)
    return new Service(address, credentials.createInsecure())
  }
  const metadata = new Metadata()
  metadata.set('authorization', `Bearer ${apiKey}`)
  return {
    records: client('RecordService'),
    topics: client('TopicService'),
    consumers: client('ConsumerService'),
    metadata,
  }
}

/** From the environment, or from the file that `npm start` writes. */
function whereabouts(): { readonly address: string; readonly apiKey: string } {
  const { COURANT_GRPC, COURANT_API_KEY, COURANT_DATA_DIR } = process.env
  if (COURANT_GRPC !== undefined && COURANT_API_KEY !== undefined) {
    return { address: COURANT_GRPC, apiKey: COURANT_API_KEY }
  }
  const directory = COURANT_DATA_DIR ?? join(import.meta.dirname, '../../.courant')
  const { grpc, apiKey } = JSON.parse(readFileSync(join(directory, 'credentials.json'), 'utf8'))
  return { address: grpc, apiKey }
}

import {
  listOffsetsApi,
  listOffsetsTimestamp,
  RequestRouter,
  ServerConnection,
} from '@courant/kafka-protocol'
import type { Listener } from '@courant/kernel'
import { nodeNetwork } from '@courant/service-kit'

const NOT_LEADER = 6

/** The real protocol on a real socket, from a broker that has nothing but the ends of its logs. */
export class LogEndsBroker {
  /** By `<topic id>/<partition>`; it does not lead what is not in here. */
  readonly ends = new Map<string, number>()
  /** Partitions, in the request with the most of them. */
  mostAsked = 0
  readonly #connections = new Set<ServerConnection>()
  readonly #router = new RequestRouter()
  #listener: Listener | null = null

  async start(): Promise<number> {
    this.#router.on(listOffsetsApi, (request, exchange) => {
      const asked = request.topics.reduce((sum, { partitions }) => sum + partitions.length, 0)
      this.mostAsked = Math.max(this.mostAsked, asked)
      exchange.respond({
        topics: request.topics.map(({ name, partitions }) => ({
          name,
          partitions: partitions.map(({ partitionIndex, timestamp }) => {
            const end = this.ends.get(`${name}/${partitionIndex}`)
            if (end === undefined) {
              return { partitionIndex, errorCode: NOT_LEADER, timestamp: -1, offset: -1 }
            }
            const offset = timestamp === listOffsetsTimestamp.latest ? end : 0
            return { partitionIndex, errorCode: 0, timestamp: -1, offset }
          }),
        })),
      })
    })
    this.#listener = await nodeNetwork.listen({ host: '127.0.0.1', port: 0 }, (connection) => {
      const { server, events } = ServerConnection.accept(connection, {
        router: this.#router,
        onClose: () => this.#connections.delete(server),
      })
      this.#connections.add(server)
      return events
    })
    return this.#listener.address.port
  }

  async stop(): Promise<void> {
    for (const connection of this.#connections) connection.destroy()
    await this.#listener?.close()
  }
}

import type { Child } from '../harness/child.ts'
import type { Bench } from '../harness/suite.ts'
import type { Remote } from '../harness/worker.ts'
import type * as BareFastify from '../limits/bare-fastify.ts'
import type * as HttpConnections from '../load/http-connections.ts'
import type { HttpRequest } from '../load/http-request.ts'
import { Cluster } from './cluster.ts'

type Request = Omit<HttpRequest, 'port'>

/**
 * A gateway alone on the server core; the broker, the control plane and the load share the other.
 * Beside it, idle while the gateway runs, bare fastify on the same core.
 */
export class GatewayUnderTest {
  readonly cluster: Cluster
  readonly process: Child
  readonly port: number
  readonly grpcPort: number
  readonly barePort: number
  readonly apiKey: string
  readonly tenantId: string
  readonly #seconds: number
  readonly #client: Remote<typeof HttpConnections>

  private constructor(of: {
    cluster: Cluster
    process: Child
    port: number
    grpcPort: number
    barePort: number
    apiKey: string
    tenantId: string
    seconds: number
    client: Remote<typeof HttpConnections>
  }) {
    this.cluster = of.cluster
    this.process = of.process
    this.port = of.port
    this.grpcPort = of.grpcPort
    this.barePort = of.barePort
    this.apiKey = of.apiKey
    this.tenantId = of.tenantId
    this.#seconds = of.seconds
    this.#client = of.client
  }

  /** With a topic `bench` of one partition, ready to take records. */
  static async start(bench: Bench): Promise<GatewayUnderTest> {
    const cluster = await Cluster.start(bench)
    await cluster.startBroker('load')
    const process = await cluster.startGateway('server')
    const { apiKey, tenantId } = await cluster.admin.createTenant('bench')
    const bareUrl = new URL('../limits/bare-fastify.ts', import.meta.url)
    const bare = bench.worker<typeof BareFastify>('server', bareUrl)
    const clientUrl = new URL('../load/http-connections.ts', import.meta.url)
    const gateway = new GatewayUnderTest({
      cluster,
      process,
      port: cluster.gatewayPort,
      grpcPort: cluster.grpcPort,
      barePort: await bare.start(),
      apiKey,
      tenantId,
      seconds: bench.plan.seconds,
      client: bench.worker<typeof HttpConnections>('load', clientUrl),
    })
    await gateway.createTopic('bench', 1)
    return gateway
  }

  /** Answers a second by the gateway. */
  async load(request: Request, connections: number): Promise<number> {
    return await this.#run(this.port, request, connections)
  }

  /** Answers a second by bare fastify, to the same bytes, credential included. */
  async loadBare(request: Request, connections: number): Promise<number> {
    return await this.#run(this.barePort, request, connections)
  }

  produceRequest(port: number, body: string): HttpRequest {
    const headers = { ...this.#credential(), 'content-type': 'application/json' }
    return { port, method: 'POST', path: '/v1/topics/bench/records', headers, body }
  }

  async produce(body: string, topic = 'bench'): Promise<void> {
    await this.#post(`/v1/topics/${topic}/records`, body)
  }

  async createTopic(name: string, partitions: number): Promise<void> {
    await this.#post('/v1/topics', JSON.stringify({ name, partitions }))
  }

  /** Changes with every rebalance. */
  async groupEpoch(group: string): Promise<number> {
    const headers = this.#credential()
    const response = await fetch(`http://127.0.0.1:${this.port}/v1/groups/${group}`, { headers })
    if (!response.ok) throw new Error(`${group}: ${response.status} ${await response.text()}`)
    return ((await response.json()) as { readonly groupEpoch: number }).groupEpoch
  }

  async #post(path: string, body: string): Promise<void> {
    const headers = { ...this.#credential(), 'content-type': 'application/json' }
    const url = `http://127.0.0.1:${this.port}${path}`
    const response = await fetch(url, { method: 'POST', headers, body })
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  }

  async #run(port: number, request: Request, connections: number): Promise<number> {
    const headers = { ...this.#credential(), ...request.headers }
    const load = { request: { ...request, headers, port }, connections, seconds: this.#seconds }
    return (await this.#client.run(load)).answersPerSecond
  }

  #credential(): { readonly authorization: string } {
    return { authorization: `Bearer ${this.apiKey}` }
  }
}

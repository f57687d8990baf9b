import type {
  BeginPollRequest,
  CommitOffsetsRequest,
  GroupServiceClient,
  HeartbeatMembersRequest,
  LeaveGroupRequest,
  MemberEvent,
} from '@courant/api/internal/v1/group'
import { BusError } from '@courant/kernel'
import type { SimProcess } from '../../src/machine/sim-process.ts'
import type { World } from '../world.ts'
import type { ControlPlaneNode } from './control-plane-node.ts'

const HOP_MS = 1

/** The client of a control plane as a gateway has it, over a network that loses answers. */
export function simChannel(world: World, gateway: SimProcess, target: string): GroupServiceClient {
  const channel = new SimChannel(world, gateway, target)
  // What of a gRPC client a gateway's polls and commits use.
  return Object.assign(Object.create(null), {
    beginPoll: channel.unary((node, request: BeginPollRequest) => node.beginPoll(request)),
    commitOffsets: channel.unary((node, request: CommitOffsetsRequest) =>
      node.commitOffsets(request),
    ),
    heartbeatMembers: channel.unary((node, request: HeartbeatMembersRequest) =>
      node.heartbeatMembers(request),
    ),
    leaveGroup: channel.unary((node, request: LeaveGroupRequest) => node.leaveGroup(request)),
    watchMembers: ({ gatewayId }: { gatewayId: string }) => channel.watch(gatewayId),
    close: () => {},
  })
}

class SimChannel {
  readonly #world: World
  readonly #gateway: SimProcess
  readonly #target: string

  constructor(world: World, gateway: SimProcess, target: string) {
    this.#world = world
    this.#gateway = gateway
    this.#target = target
  }

  /** As `callUnary` calls it. */
  unary<Request>(serve: (node: ControlPlaneNode, request: Request) => Promise<unknown>) {
    return (
      request: Request,
      _metadata: unknown,
      options: { readonly deadline: number },
      done: Done,
    ) => {
      let isOver = false
      const finish = (error: BusError | null, response?: unknown): void => {
        if (isOver) return
        isOver = true
        timer.cancel()
        done(error, response)
      }
      const leftMs = options.deadline - this.#gateway.clock.now()
      const timer = this.#gateway.later(leftMs, () =>
        finish(new BusError('TIMED_OUT', 'The control plane did not answer in time.')),
      )
      this.#ask((node) => serve(node, request), finish)
      const cancel = (): void => finish(new BusError('TIMED_OUT', 'The caller has gone.'))
      return { cancel }
    }
  }

  #ask(
    serve: (node: ControlPlaneNode) => Promise<unknown>,
    finish: (error: BusError | null, response?: unknown) => void,
  ): void {
    const broken = (): void => {
      const lost = new BusError('CONNECTION_LOST', 'The connection broke.')
      this.#hop(this.#gateway, () => finish(lost))
    }
    this.#hop(null, () => {
      const node = this.#world.controlPlaneAt(this.#target)
      const process = node?.process ?? null
      if (node === null || process === null) return broken()
      if (this.#isCut()) {
        // A cut link refuses, or says nothing at all.
        if (this.#world.random.below(2) === 0) broken()
        return
      }
      process.onDeath(broken)
      this.#hop(process, () => {
        const answered = (error: BusError | null, response?: unknown): void => {
          if (!process.isAlive) return
          if (this.#isCut() || this.#world.losesAnswer()) broken()
          else this.#hop(this.#gateway, () => finish(error, response))
        }
        serve(node).then(
          (response) => answered(null, response),
          (error: unknown) => answered(BusError.from(error)),
        )
      })
    })
  }

  /** Sets out at once; each piece arrives a hop later, and in order. */
  watch(gatewayId: string): AsyncIterable<{ events: MemberEvent[] }> & { cancel(): void } {
    const over = new AbortController()
    const pieces: { events: MemberEvent[] }[] = []
    let wake = (): void => {}
    let isBroken = false
    const end = (): void => {
      this.#hop(this.#gateway, () => {
        isBroken = true
        wake()
      })
    }
    this.#hop(null, () => {
      const node = this.#world.controlPlaneAt(this.#target)
      const process = node?.process ?? null
      if (node === null || process === null || this.#isCut()) return end()
      process.onDeath(end)
      this.#hop(process, () => {
        void this.#follow(node, gatewayId, over.signal, (piece) => {
          pieces.push(piece)
          this.#hop(this.#gateway, () => wake())
        }).finally(end)
      })
    })
    return {
      cancel: () => over.abort(),
      async *[Symbol.asyncIterator]() {
        while (true) {
          const piece = pieces.shift()
          if (piece !== undefined) yield piece
          else if (isBroken || over.signal.aborted) return
          else {
            await new Promise<void>((resolve) => {
              wake = resolve
              over.signal.addEventListener('abort', () => resolve(), { once: true })
            })
          }
        }
      },
    }
  }

  async #follow(
    node: ControlPlaneNode,
    gatewayId: string,
    signal: AbortSignal,
    take: (piece: { events: MemberEvent[] }) => void,
  ): Promise<void> {
    for await (const piece of node.watchMembers(gatewayId, signal)) {
      if (this.#isCut()) return
      take(piece)
    }
  }

  #isCut(): boolean {
    return this.#world.isCut(this.#gateway.host, this.#target)
  }

  #hop(owner: SimProcess | null, callback: () => void): void {
    const { random, scheduler } = this.#world
    scheduler.at(random.next() * 2 * HOP_MS, owner, callback)
  }
}

type Done = (error: BusError | null, response?: unknown) => void

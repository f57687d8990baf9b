import { BufferPool } from '@courant/gateway/buffer-pool'
import { EncodedBatches } from '@courant/gateway/encoded-batches'
import { commitLease } from '@courant/gateway/groups/commits'
import { Coordinators } from '@courant/gateway/groups/coordinators'
import { LeaseTokens } from '@courant/gateway/groups/lease-tokens'
import { type PollParts, type PollRequest, poll } from '@courant/gateway/groups/poll'
import { RecordSizes } from '@courant/gateway/groups/record-sizes'
import { SigningKeys } from '@courant/gateway/groups/signing-keys'
import { ReadBudget } from '@courant/gateway/read-budget'
import { BusError } from '@courant/kernel'
import { SimProcess } from '../../src/machine/sim-process.ts'
import type { World } from '../world.ts'
import { simChannel } from './sim-channel.ts'
import { simRanges, simResets } from './sim-reads.ts'

const KEY = { keyId: 1, secret: Buffer.alloc(32, 7) }

export interface PolledRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly valueText: string
}

export interface PollAnswer {
  readonly records: readonly PolledRecord[]
  readonly leaseToken: string
  readonly assignment: readonly { readonly topic: string; readonly partitions: number[] }[]
}

/** What a request of a member says. */
export interface MemberCall {
  readonly member: PollRequest['member']
  readonly lease: { readonly kind: 'ack' | 'after'; readonly token: string } | null
  readonly metadata: string
  readonly waitMs: number
}

const BOUNDS = { maxRecords: 10, maxBytes: 4_096, format: 'json' as const }
const COMMIT_MS_MAX = 10_000

/** A gateway as members of groups see it: the real polls and commits, without the HTTP around. */
export class GatewayNode {
  readonly host: string
  readonly #world: World
  #process: SimProcess | null = null
  #parts: PollParts | null = null
  #budget: ReadBudget | null = null

  constructor(host: string, world: World) {
    this.host = host
    this.#world = world
  }

  get process(): SimProcess | null {
    return this.#process?.isAlive === true ? this.#process : null
  }

  boot(): void {
    const world = this.#world
    const place = { host: this.host, role: 'gateway' as const, wallSkewMs: world.random.below(500) }
    const process = new SimProcess(world.scheduler, place, world.random.below(2 ** 32))
    const { clock, random } = process
    const gatewayId = random.uuid()
    const connect = (target: string) => simChannel(world, process, target)
    const source = { listGroupShards: () => world.listGroupShards(process) }
    this.#process = process
    this.#budget = new ReadBudget(clock)
    this.#parts = {
      coordinators: new Coordinators(source, { clock, random, gatewayId, connect }),
      tokens: new LeaseTokens(new SigningKeys({ listSigningKeys: async () => [KEY] }, clock)),
      gatewayId,
      clock,
      random,
      ranges: simRanges(world, clock),
      resets: simResets(),
      recordSizes: new RecordSizes(),
      encodedBatches: new EncodedBatches(),
      buffers: new BufferPool(),
    }
  }

  kill(): void {
    this.process?.die('killed')
  }

  async poll({ member, lease, metadata, waitMs }: MemberCall): Promise<PollAnswer> {
    const { parts, budget } = this.#running
    const { tenantId, principal } = member
    const given =
      lease === null
        ? null
        : {
            kind: lease.kind,
            token: await parts.tokens.read({ tenantId, principal }, lease.token),
          }
    const hold = budget.hold(tenantId)
    const { signal } = new AbortController()
    const request = { member, lease: given, metadata, bounds: BOUNDS, waitMs }
    const answer = await poll(parts, request, hold, signal)
    const document = JSON.parse(answer.bytes.toString()) as PollAnswer
    answer.giveBack()
    hold.release()
    return document
  }

  /** `POST .../commit`. */
  async commit({ member, metadata }: MemberCall, text: string): Promise<void> {
    const { parts } = this.#running
    const { tenantId, group, memberId, principal } = member
    const token = await parts.tokens.read({ tenantId, principal }, text)
    const ref = { tenantId, group, memberId, principal }
    const patience = { deadlineMs: parts.clock.monotonicMs() + COMMIT_MS_MAX }
    await commitLease(parts.coordinators, ref, token, metadata, patience)
  }

  async leave({ member }: MemberCall): Promise<void> {
    const { parts } = this.#running
    const { tenantId, group, memberId, principal } = member
    const patience = { deadlineMs: parts.clock.monotonicMs() + COMMIT_MS_MAX }
    const request = { member: { tenantId, group, memberId, principal } }
    await parts.coordinators.call(member, (c) => c.leaveGroup.bind(c), request, patience)
  }

  get #running(): { readonly parts: PollParts; readonly budget: ReadBudget } {
    if (this.#parts === null || this.#budget === null) {
      throw new BusError('CONNECTION_LOST', 'The gateway does not run.')
    }
    return { parts: this.#parts, budget: this.#budget }
  }
}

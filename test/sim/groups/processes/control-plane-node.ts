import type {
  BeginPollRequest,
  CommitOffsetsRequest,
  HeartbeatMembersRequest,
  LeaveGroupRequest,
  MemberEvent,
} from '@courant/api/internal/v1/group'
import {
  beginPoll,
  commitOffsets,
  GroupCoordinator,
  heartbeatMembers,
  leaveGroup,
  ShardLeases,
} from '@courant/control-plane/groups'
import { groupShard } from '@courant/group'
import { BusError } from '@courant/kernel'
import type { Logger } from '@courant/service-kit'
import { SimProcess } from '../../src/machine/sim-process.ts'
import { SimFeed } from '../database/sim-catalog.ts'
import { offsetLock, SimGroupRows } from '../database/sim-group-rows.ts'
import { simLeaseRows } from '../database/sim-lease-rows.ts'
import type { World } from '../world.ts'

interface MemberRequest {
  readonly tenantId: string
  readonly group: string
}

/** A control plane as the coordinator of groups: the real one, on the simulated database. */
export class ControlPlaneNode {
  readonly address: string
  readonly #world: World
  readonly #log: (process: SimProcess) => Logger
  #process: SimProcess | null = null
  #coordinator: GroupCoordinator | null = null
  #leases: ShardLeases | null = null

  constructor(address: string, world: World, log: (process: SimProcess) => Logger) {
    this.address = address
    this.#world = world
    this.#log = log
  }

  get process(): SimProcess | null {
    return this.#process?.isAlive === true ? this.#process : null
  }

  boot(): void {
    const { catalog, database, random, scheduler } = this.#world
    const place = { host: this.address, role: 'controller' as const, wallSkewMs: random.below(500) }
    const process = new SimProcess(scheduler, place, random.below(2 ** 32))
    const { clock, random: chance } = process
    const log = this.#log(process)
    const rows = new SimGroupRows(database, process, this.#world.offsetWatch, () => catalog.version)
    const coordinator: GroupCoordinator = new GroupCoordinator({
      ...{ rows, clock, random: chance, log },
      feed: new SimFeed(database, process, catalog),
      onRestart: () => leases.restart(),
    })
    const leases: ShardLeases = new ShardLeases({
      ...{ clock, random: chance, log, holder: coordinator, address: this.address },
      rows: simLeaseRows(database, process),
      leaseMs: this.#world.options.leaseMs,
    })
    this.#process = process
    this.#coordinator = coordinator
    this.#leases = leases
    coordinator.start()
    void leases.start()
  }

  kill(): void {
    this.process?.die('killed')
  }

  /** Gives its shards away, and ends. */
  async stop(): Promise<void> {
    const { process } = this
    if (process === null) return
    await this.#leases?.stop()
    await this.#coordinator?.stop()
    process.die('exit')
  }

  /** Calls of the group service, in the process. */
  async beginPoll(request: BeginPollRequest) {
    const askedMs = this.#world.nowMs
    const answer = await beginPoll(this.#parts, request)
    this.#answers(request.member, askedMs)
    const { group = '', memberId = '' } = request.member ?? {}
    const { checks } = this.#world
    this.#world.judge(() => checks.assigned(group, memberId, answer.assignment))
    return answer
  }

  async commitOffsets(request: CommitOffsetsRequest) {
    const askedMs = this.#world.nowMs
    const answer = await commitOffsets(this.#parts, request)
    for (const [index, { errorCode }] of answer.results.entries()) {
      if (errorCode === '') this.#answers(request.commits[index]?.member, askedMs)
    }
    return answer
  }

  async heartbeatMembers(request: HeartbeatMembersRequest) {
    const askedMs = this.#world.nowMs
    const answer = await heartbeatMembers(this.#parts, request)
    for (const [index, { errorCode }] of answer.results.entries()) {
      if (errorCode === '') this.#answers(request.members[index]?.member, askedMs)
    }
    return answer
  }

  async leaveGroup(request: LeaveGroupRequest) {
    const askedMs = this.#world.nowMs
    const answer = await leaveGroup(this.#parts, request)
    this.#answers(request.member, askedMs)
    return answer
  }

  watchMembers(gatewayId: string, signal: AbortSignal): AsyncIterable<{ events: MemberEvent[] }> {
    return this.#parts.coordinator.watches.watch(gatewayId, signal)
  }

  /** Moves committed offsets to the begin as `SetGroupOffsets` does; members are fenced first. */
  async reset(tenantId: string, name: string): Promise<void> {
    const { checks, database } = this.#world
    const process = this.#process
    const group = await this.#parts.coordinator.groupOf(tenantId, name)
    await group.change({
      apply: (loaded, now) => {
        loaded.group.fenceAll(now)
        return () => undefined
      },
    })
    await group.alone((loaded) => {
      if (process === null || loaded === null || loaded.group.memberCount > 0) {
        throw new BusError('GROUP_NOT_EMPTY', 'The group has members.')
      }
      const { term } = group
      const table = database.tables.groups.get(loaded.group.groupId)
      const rows = [...(table?.offsets.keys() ?? [])].map((key) =>
        offsetLock(loaded.group.groupId, key),
      )
      return () =>
        database.run(process, { rows, shards: [term.shard] }, () => {
          if (table === undefined || !database.tables.isHeld(term)) return
          for (const [key, row] of table.offsets) {
            table.offsets.set(key, { ...row, offset: 0 })
            checks.reset(name, key, 0)
          }
        })
    })
  }

  get #parts(): { readonly coordinator: GroupCoordinator } {
    if (this.#coordinator === null) throw new Error('a control plane was not started')
    return { coordinator: this.#coordinator }
  }

  /** Whoever answers for a group must be its coordinator at that very moment. */
  #answers(member: MemberRequest | undefined, askedMs: number): void {
    if (member === undefined) return
    const { checks } = this.#world
    const shard = groupShard(member.tenantId, member.group)
    this.#world.judge(() => checks.answered(this.address, shard, askedMs))
  }
}

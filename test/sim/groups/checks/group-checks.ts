import type { AssignedTopic } from '@courant/api/internal/v1/group'
import { ensure } from '../../src/checks/violation.ts'
import type { GroupTable, GroupTables } from '../database/group-tables.ts'
import type { OffsetWatch } from '../database/sim-group-rows.ts'
import { ProcessedRecords } from './processed-records.ts'
import { type MemberFacts, WhoIsWorking } from './who-is-working.ts'

interface Tenure {
  readonly owner: string | null
  readonly assignmentEpoch: number
  readonly sinceMs: number
  /** Since when the owner is to give it away. */
  owedSinceMs: number | null
}

/** What a member says of itself with a commit. */
interface CommitNote {
  readonly memberId: string
  /** When the answer was given whose token is committed. */
  readonly tokenMs: number
}

const NOBODY: Tenure = { owner: null, assignmentEpoch: 0, sinceMs: 0, owedSinceMs: null }

/**
 * What must hold at every commit of the database, from its rows and from what members do. It knows
 * no rule of how a group decides.
 */
export class GroupChecks implements OffsetWatch {
  readonly working: WhoIsWorking
  readonly processed = new ProcessedRecords()
  readonly #tables: GroupTables
  readonly #nowMs: () => number
  readonly #tenures = new Map<string, Tenure>()
  readonly #joinEpochs = new Map<string, number>()
  readonly #offsets = new Map<string, number>()
  readonly #resets = new Map<string, number>()
  /** Address of the control plane that has each shard. */
  readonly #coordinators = new Map<number, string | undefined>()
  /** When an address last lost a shard. */
  readonly #lostMs = new Map<string, number>()
  commits = 0
  handovers = 0

  constructor(tables: GroupTables, nowMs: () => number) {
    this.#tables = tables
    this.#nowMs = nowMs
    this.working = new WhoIsWorking(nowMs)
  }

  /** Nothing below it is delivered to who asks from now on. */
  committed(group: string, key: string): number {
    return this.#offsets.get(`${group} ${key}`) ?? 0
  }

  /** How often the offset was moved by an operator. */
  resets(group: string, key: string): number {
    return this.#resets.get(`${group} ${key}`) ?? 0
  }

  /**
   * A control plane has answered for a group of the shard. What it was asked before it lost the
   * shard may have been decided then.
   */
  answered(address: string, shard: number, askedMs: number): void {
    const coordinator = this.#coordinatorOf(shard)
    const lostMs = this.#lostMs.get(`${address} ${shard}`) ?? Number.NEGATIVE_INFINITY
    ensure(
      coordinator === address || lostMs >= askedMs,
      () => `${address} answers for shard ${shard} of ${coordinator}`,
    )
  }

  /** What a member is told that it owns is what the rows say. */
  assigned(name: string, memberId: string, assignment: readonly AssignedTopic[]): void {
    const owned = assignment.flatMap(({ topicId, partitions }) =>
      partitions.map((each) => `${topicId}/${each.partition} of ${each.assignmentEpoch}`),
    )
    const stored = [...this.#tables.groups.values()]
      .filter(({ group }) => group.name === name)
      .flatMap(({ partitions }) => [...partitions.values()])
      .filter(({ owner }) => owner === memberId)
      .map((row) => `${row.topicId}/${row.partition} of ${row.assignmentEpoch}`)
    const isSame = owned.sort().join() === stored.sort().join()
    ensure(isSame, () => `${memberId} of ${name} is told it owns ${owned}, and rows say ${stored}`)
  }

  /** Within the transaction that commits it. */
  raised(table: GroupTable, key: string, offset: number, metadata: string): void {
    const note = JSON.parse(metadata) as CommitNote
    const place = `${table.group.name} ${key}`
    const tenure = this.#tenures.get(place) ?? NOBODY
    this.commits += 1
    ensure(
      tenure.owner === note.memberId && table.partitions.get(key)?.owner === note.memberId,
      () => `${note.memberId} commits ${place}, which is ${tenure.owner}'s`,
    )
    ensure(
      tenure.sinceMs <= note.tokenMs,
      () => `${note.memberId} commits of ${place} what it had before it lost it`,
    )
    const missing = this.processed.firstMissing(place, offset)
    ensure(missing === null, () => `${place} is committed to ${offset}, and ${missing} is not done`)
  }

  /** Within the transaction of an operator. */
  reset(group: string, key: string, offset: number): void {
    const place = `${group} ${key}`
    this.#offsets.set(place, offset)
    this.#resets.set(place, this.resets(group, key) + 1)
  }

  /** A transaction has been committed. */
  looked(): void {
    for (const shard of this.#tables.shards.keys()) this.#lookWhoHas(shard)
    for (const table of this.#tables.groups.values()) this.#look(table)
  }

  #lookWhoHas(shard: number): void {
    const coordinator = this.#coordinatorOf(shard)
    const before = this.#coordinators.get(shard)
    if (before === coordinator) return
    if (before !== undefined) this.#lostMs.set(`${before} ${shard}`, this.#nowMs())
    this.#coordinators.set(shard, coordinator)
  }

  #coordinatorOf(shard: number): string | undefined {
    const owner = this.#tables.shards[shard]?.owner ?? ''
    return this.#tables.controlPlanes.get(owner)?.address
  }

  #look(table: GroupTable): void {
    const { name } = table.group
    const removed = this.#removedOf(table)
    for (const key of table.partitions.keys()) this.#lookAt(table, key, removed)
    for (const [place] of this.#tenures) {
      const [group, key = ''] = place.split(' ')
      if (group === name && !table.partitions.has(key)) this.#lookAt(table, key, removed)
    }
    for (const [key, { offset }] of table.offsets) {
      const place = `${name} ${key}`
      const before = this.#offsets.get(place) ?? 0
      ensure(offset >= before, () => `the offset of ${place} goes from ${before} to ${offset}`)
      this.#offsets.set(place, offset)
    }
    for (const memberId of table.members.keys()) {
      const joinEpoch = table.members.get(memberId)?.joinEpoch ?? 0
      const id = `${name} ${memberId}`
      if (this.#joinEpochs.get(id) === joinEpoch) continue
      this.#joinEpochs.set(id, joinEpoch)
      this.working.joined(name, memberId)
    }
  }

  /** Members that are gone, or gone and back; whoever is must have had it coming. */
  #removedOf(table: GroupTable): ReadonlySet<string> {
    const { name } = table.group
    const removed = new Set<string>()
    for (const [id, joinEpoch] of this.#joinEpochs) {
      const [group, memberId = ''] = id.split(' ')
      if (group !== name || table.members.get(memberId)?.joinEpoch === joinEpoch) continue
      removed.add(memberId)
      this.#joinEpochs.delete(id)
      this.#checkRemoval(name, memberId)
    }
    return removed
  }

  #checkRemoval(group: string, memberId: string): void {
    const facts = this.working.of(group, memberId)
    const nowMs = this.#nowMs()
    const owedSinceMs = Math.min(
      ...[...this.#tenures.values()]
        .filter(({ owner }) => owner === memberId)
        .map((tenure) => tenure.owedSinceMs ?? Number.POSITIVE_INFINITY),
    )
    const isDue =
      nowMs <= facts.mayGoUntilMs ||
      nowMs - facts.heardMs >= facts.sessionTimeoutMs ||
      nowMs - owedSinceMs >= facts.rebalanceTimeoutMs
    ensure(isDue, () => `${memberId} is removed from ${group} ${silence(facts, nowMs)}`)
  }

  #lookAt(table: GroupTable, key: string, removed: ReadonlySet<string>): void {
    const { name } = table.group
    const place = `${name} ${key}`
    const row = table.partitions.get(key)
    const owner = row?.owner ?? null
    const assignmentEpoch = row?.assignmentEpoch ?? 0
    const known = this.#tenures.get(place) ?? NOBODY
    const nowMs = this.#nowMs()
    if (owner !== known.owner || assignmentEpoch !== known.assignmentEpoch) {
      const loser = known.owner
      if (loser !== null && !removed.has(loser)) {
        const isFree = !this.working.isWorking(name, loser, key)
        ensure(isFree, () => `${place} is taken from ${loser}, which works on it`)
      }
      if (loser !== null && owner !== null) this.handovers += 1
      this.#tenures.set(place, { owner, assignmentEpoch, sinceMs: nowMs, owedSinceMs: null })
    }
    const tenure = this.#tenures.get(place)
    if (tenure === undefined) return
    const owes = owner !== null && row?.target !== owner
    tenure.owedSinceMs = owes ? (tenure.owedSinceMs ?? nowMs) : null
  }
}

function silence({ heardMs }: MemberFacts, nowMs: number): string {
  return `${((nowMs - heardMs) / 1_000).toFixed(1)} s after its last answer`
}

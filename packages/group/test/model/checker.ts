import type { CommitVerdict, GroupDescription } from '../../src/index.ts'
import type { ModelClient, ModelToken } from './model-client.ts'
import { keyOf, type ModelDatabase } from './model-database.ts'

/** What a random history found to be false. */
class Violation extends Error {
  override readonly name = 'Violation'
}

export function require(condition: boolean, what: string): void {
  if (!condition) throw new Violation(what)
}

interface Tenure {
  readonly owner: string | null
  readonly assignmentEpoch: number
  readonly number: number
}

/**
 * What must hold of a group, from its rows and from what its clients do: it knows no rule of how
 * the group decides. A tenure is an unbroken time in which one member owns a partition.
 */
export class Checker {
  readonly #tenures = new Map<string, Tenure>()
  #count = 0

  tenureOf(key: string): number {
    return this.#tenures.get(key)?.number ?? 0
  }

  /** A commit counts for what the member has owned since it was handed out, and nothing else. */
  judged(memberId: string, token: ModelToken, verdict: CommitVerdict): void {
    const refused = new Set(verdict.kind === 'judged' ? verdict.refused.map(keyOf) : [])
    for (const [key, tenure] of token.tenures) {
      const now = this.#tenures.get(key)
      const isHeld = now?.owner === memberId && now.number === tenure
      const isAccepted = verdict.kind === 'judged' && !refused.has(key)
      require(!isAccepted || isHeld, 'a commit of who is no longer the owner counts (bug 37)')
      require(isAccepted || !isHeld, 'a commit of the owner is refused (bug 37)')
    }
  }

  /** A transaction has taken the rows from `before` to `after`. */
  wrote(
    before: ModelDatabase,
    after: ModelDatabase,
    clients: ReadonlyMap<string, ModelClient>,
  ): void {
    const removed = new Set<string>()
    for (const [id, { joinEpoch }] of before.members) {
      if (after.members.get(id)?.joinEpoch !== joinEpoch) removed.add(id)
    }
    this.#checkEpochs(before, after)
    for (const key of new Set([...before.partitions.keys(), ...after.partitions.keys()])) {
      this.#checkMove(key, { before, after, clients, removed })
    }
    checkRows(after)
  }

  #checkMove(
    key: string,
    {
      before,
      after,
      clients,
      removed,
    }: {
      readonly before: ModelDatabase
      readonly after: ModelDatabase
      readonly clients: ReadonlyMap<string, ModelClient>
      readonly removed: ReadonlySet<string>
    },
  ): void {
    const [old, row] = [before.partitions.get(key), after.partitions.get(key)]
    if ((old?.target ?? null) !== (row?.target ?? null)) {
      const hasEpoch = before.group?.groupEpoch !== after.group?.groupEpoch
      require(hasEpoch, 'a target changes within a group epoch')
    }
    const tenure = this.#tenures.get(key)
    const [owner, assignmentEpoch] = [row?.owner ?? null, row?.assignmentEpoch ?? 0]
    if ((tenure?.owner ?? null) === owner && (tenure?.assignmentEpoch ?? 0) === assignmentEpoch) {
      return
    }
    const loser = tenure?.owner ?? null
    const isDeleted = row === undefined && old !== undefined
    if (loser !== null && !removed.has(loser)) {
      const work = clients.get(loser)?.inWork.get(key)
      const isInWork = work !== undefined && work.tenure === tenure?.number
      require(isDeleted || !isInWork, 'a partition is taken from who still works on it')
      const wasToMove = old?.target !== loser || row?.target !== loser
      require(isDeleted || wasToMove, 'a partition that stays is taken from its owner')
    }
    this.#count += 1
    this.#tenures.set(key, { owner, assignmentEpoch, number: this.#count })
  }

  #checkEpochs(before: ModelDatabase, after: ModelDatabase): void {
    const [old, now] = [before.group?.groupEpoch ?? 0, after.group?.groupEpoch ?? 0]
    require(now === old || now === old + 1, 'a group epoch is skipped')
    const isOther =
      [...before.members.keys()].sort().join() !== [...after.members.keys()].sort().join()
    require(!isOther || now > old, 'members change within a group epoch')
    for (const [id, member] of after.members) {
      const earlier = before.members.get(id)
      if (earlier?.joinEpoch !== member.joinEpoch) continue
      const was = earlier.heldEpoch ?? old
      require((member.heldEpoch ?? now) >= was, 'the epoch of a member goes back')
    }
  }
}

function checkRows({ group, members, partitions }: ModelDatabase): void {
  const owes = new Set<string>()
  for (const { owner, target } of partitions.values()) {
    require(owner === null || members.has(owner), 'an owner is no member')
    require(target === null || members.has(target), 'a target is no member')
    if (owner !== null && owner !== target) owes.add(owner)
  }
  for (const { memberId, heldEpoch } of members.values()) {
    require(owes.has(memberId) === (heldEpoch !== null), 'an epoch is held by who owes nothing')
    require(heldEpoch === null || heldEpoch < (group?.groupEpoch ?? 0), 'an epoch is held too late')
  }
  for (const { owner, target, assignmentEpoch } of partitions.values()) {
    const isFree = owner === null && target !== null && !owes.has(target)
    require(!isFree, 'a free partition does not get to its target')
    const epoch = members.get(owner ?? '')?.heldEpoch ?? group?.groupEpoch ?? 0
    require(assignmentEpoch <= epoch, 'a partition is newer than its owner')
  }
}

/** Memory and rows say the same. */
export function checkMemory(description: GroupDescription, database: ModelDatabase): void {
  let rows = 0
  for (const found of description.partitions) {
    const row = database.partitions.get(keyOf(found))
    if (row !== undefined) rows += 1
    const next = row?.target === row?.owner ? null : (row?.target ?? null)
    const isSame = found.owner === (row?.owner ?? null) && found.nextOwner === next
    require(isSame, 'memory and rows differ in an owner')
  }
  require(rows === database.partitions.size, 'a row is left over')
  for (const { memberId, heldEpoch } of database.members.values()) {
    const member = description.memberList.find((one) => one.memberId === memberId)
    const epoch = heldEpoch ?? database.group?.groupEpoch
    require(member?.memberEpoch === epoch, 'memory and rows differ in a member')
  }
  require(description.memberList.length === database.members.size, 'memory has another member')
}

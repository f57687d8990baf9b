import { expect } from 'vitest'
import { type Answer, call } from './api.ts'

export type Offsets = ReadonlyMap<number, number>

/** What a poll was answered: the token, and the offset behind what it names, by partition. */
export interface Given {
  readonly token: string
  readonly reached: Offsets
}

export type Using = 'nothing' | 'ack' | 'after'

/**
 * One group, beside what a member may conclude from docs/consumer-groups.md alone. Every answer is
 * held against it, and so are the committed offsets after every call.
 */
export class GroupModel {
  readonly #key: string
  readonly #topic: string
  readonly #group: string
  readonly #given = new Map<string, Given[]>()
  /** Partitions with records that a member has, and nobody has acknowledged. */
  readonly #hands = new Map<string, Set<number>>()
  #committed: Offsets = new Map()

  constructor(key: string, topic: string, group: string) {
    this.#key = key
    this.#topic = topic
    this.#group = group
  }

  get committed(): Offsets {
    return this.#committed
  }

  /** The answers that a member has had, the newest last. */
  givenTo(memberId: string): readonly Given[] {
    return this.#given.get(memberId) ?? []
  }

  /** Of which the answer gets lost on the way to the member when that is said. */
  async poll(
    memberId: string,
    using: Using,
    of: Given | null,
    { maxRecords, fate }: { readonly maxRecords: number; readonly fate: 'arrives' | 'isLost' },
  ): Promise<void> {
    const path = `/v1/groups/${this.#group}/poll`
    const token = of === null || using === 'nothing' ? {} : { [using]: of.token }
    const body = { memberId, topics: [this.#topic], maxRecords, ...token }
    const answer = await call(this.#key, { method: 'POST', path, body })
    const hands = this.#hands.get(memberId) ?? new Set()
    if (using === 'nothing' || of === null) hands.clear()
    if (using === 'ack' && of !== null) {
      await this.#commits(memberId, answer, of.reached)
      hands.clear()
    } else {
      expect(await this.#look()).toEqual(this.#committed)
    }
    if (answer.json.code === 'LEASE_EXPIRED') {
      this.#forget(memberId)
      return
    }
    expect(answer.status, answer.text).toBe(200)
    if (fate === 'isLost') return
    const reached = this.#reads(answer, using === 'nothing' ? null : of)
    for (const { partition } of answer.json.records) {
      expect(this.#worksElsewhere(memberId, partition), 'another works on it').toBe(false)
      hands.add(partition)
    }
    this.#hands.set(memberId, hands)
    // What was acknowledged is not named again.
    const open = [...reached].filter(([at, offset]) => offset > (this.#committed.get(at) ?? 0))
    const given = { token: answer.json.leaseToken, reached: new Map(open) }
    this.#given.set(memberId, [...this.givenTo(memberId), given])
  }

  async commit(memberId: string, of: Given): Promise<void> {
    const path = `/v1/groups/${this.#group}/commit`
    const body = { leaseToken: of.token }
    const answer = await call(this.#key, { method: 'POST', path, body })
    await this.#commits(memberId, answer, of.reached)
    this.#hands.delete(memberId)
  }

  async leave(memberId: string): Promise<void> {
    const path = `/v1/groups/${this.#group}/members/${memberId}`
    const { status, text } = await call(this.#key, { method: 'DELETE', path })
    expect(status, text).toBeLessThan(300)
    this.#forget(memberId)
    expect(await this.#look()).toEqual(this.#committed)
  }

  #worksElsewhere(memberId: string, partition: number): boolean {
    return [...this.#hands].some(([other, theirs]) => other !== memberId && theirs.has(partition))
  }

  #forget(memberId: string): void {
    this.#given.delete(memberId)
    this.#hands.delete(memberId)
  }

  /** All of it counts, or, where partitions were lost, any of it; and no offset goes back. */
  async #commits(memberId: string, answer: Answer, reached: Offsets): Promise<void> {
    const before = this.#committed
    const after = await this.#look()
    const isWhole = answer.status === 200
    if (!isWhole) expect(answer.json.code, answer.text).toBe('LEASE_EXPIRED')
    for (const partition of new Set([...before.keys(), ...after.keys(), ...reached.keys()])) {
      const was = before.get(partition) ?? 0
      const full = Math.max(was, reached.get(partition) ?? 0)
      const isLost = full > was && this.#worksElsewhere(memberId, partition)
      expect(isLost && isWhole, 'who has lost a partition is told').toBe(false)
      const allowed = isWhole ? [full] : isLost ? [was] : [was, full]
      expect(allowed).toContain(after.get(partition) ?? 0)
    }
    this.#committed = after
  }

  /** Records come in their order, and begin behind the token, or at what is committed. */
  #reads({ json }: Answer, of: Given | null): Offsets {
    const reached = new Map(of?.reached)
    const seen = new Set<number>()
    for (const { partition, offset, value } of json.records) {
      expect(value).toBe(offset)
      const committed = this.#committed.get(partition) ?? 0
      const from = Math.max(committed, of?.reached.get(partition) ?? 0)
      if (seen.has(partition)) expect(offset).toBe(reached.get(partition))
      else expect([committed, from]).toContain(offset)
      seen.add(partition)
      reached.set(partition, offset + 1)
    }
    return reached
  }

  async #look(): Promise<Offsets> {
    const path = `/v1/groups/${this.#group}`
    const { status, json, text } = await call(this.#key, { method: 'GET', path })
    expect(status, text).toBe(200)
    const found = json.partitions.filter(
      ({ committedOffset }: { committedOffset: number | null }) => committedOffset !== null,
    )
    return new Map(
      found.map((of: { partition: number; committedOffset: number }) => [
        of.partition,
        of.committedOffset,
      ]),
    )
  }
}

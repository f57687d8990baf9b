import { expect } from 'vitest'
import { type Answer, call } from './api.ts'

export type Offsets = ReadonlyMap<number, number>

/** What a poll was answered: the token, and the offset behind what it names, by partition. */
export interface Given {
  readonly token: string
  readonly reached: Offsets
  /** Partitions that another member was given since. */
  readonly lost: Set<number>
  /** Nobody else has called since, and nothing was given up: it says exactly what it says. */
  isFresh: boolean
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
    this.#calls(memberId, using)
    // Until the answer says what is: what came behind an older token is lost, or given up.
    this.#hands.delete(memberId)
    if (using === 'ack' && of !== null) {
      await this.#commits(memberId, answer, of)
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
      this.#loseAll(memberId, partition)
    }
    // What was acknowledged is not named again, nor what has been given away.
    const { assignment, revoked } = answer.json
    const owned = new Set([...assignment, ...revoked].flatMap(({ partitions }) => partitions))
    const open = [...reached].filter(
      ([at, offset]) => owned.has(at) && offset > (this.#committed.get(at) ?? 0),
    )
    const lost = new Set<number>()
    const given = { token: answer.json.leaseToken, reached: new Map(open), lost, isFresh: true }
    this.#given.set(memberId, [...this.givenTo(memberId), given])
    this.#hands.set(memberId, new Set(given.reached.keys()))
  }

  async commit(memberId: string, of: Given): Promise<void> {
    const path = `/v1/groups/${this.#group}/commit`
    const body = { leaseToken: of.token }
    const answer = await call(this.#key, { method: 'POST', path, body })
    this.#calls(memberId, 'ack')
    await this.#commits(memberId, answer, of)
    this.#hands.delete(memberId)
  }

  async leave(memberId: string): Promise<void> {
    const path = `/v1/groups/${this.#group}/members/${memberId}`
    const { status, text } = await call(this.#key, { method: 'DELETE', path })
    expect(status, text).toBeLessThan(300)
    this.#calls(memberId, 'nothing')
    this.#forget(memberId)
    expect(await this.#look()).toEqual(this.#committed)
  }

  #worksElsewhere(memberId: string, partition: number): boolean {
    return [...this.#hands].some(([other, theirs]) => other !== memberId && theirs.has(partition))
  }

  /** Tokens of others, and one's own if they are given up, may by now name less. */
  #calls(memberId: string, using: Using): void {
    for (const [other, all] of this.#given) {
      if (other === memberId && using !== 'nothing') continue
      for (const given of all) given.isFresh = false
    }
  }

  #loseAll(newOwner: string, partition: number): void {
    for (const [memberId, all] of this.#given) {
      if (memberId !== newOwner) for (const { lost } of all) lost.add(partition)
    }
  }

  #forget(memberId: string): void {
    this.#given.delete(memberId)
    this.#hands.delete(memberId)
  }

  /** All of it counts, or, where partitions were lost, any of it; and no offset goes back. */
  async #commits(
    memberId: string,
    answer: Answer,
    { reached, lost, isFresh }: Given,
  ): Promise<void> {
    const before = this.#committed
    const after = await this.#look()
    const isWhole = answer.status === 200
    if (!isWhole) expect(answer.json.code, answer.text).toBe('LEASE_EXPIRED')
    for (const partition of new Set([...before.keys(), ...after.keys(), ...reached.keys()])) {
      const was = before.get(partition) ?? 0
      const full = Math.max(was, reached.get(partition) ?? 0)
      const isElsewhere = lost.has(partition) || this.#worksElsewhere(memberId, partition)
      const allowed = isElsewhere ? [was] : isWhole && isFresh ? [full] : [was, full]
      expect(allowed).toContain(after.get(partition) ?? 0)
    }
    this.#committed = after
  }

  /** Records come in their order, and begin behind the token, or at what is committed. */
  #reads({ json }: Answer, of: Given | null): Offsets {
    const kept = [...(of?.reached ?? [])].filter(([partition]) => of?.lost.has(partition) !== true)
    const reached = new Map(kept)
    const seen = new Set<number>()
    for (const { partition, offset, value } of json.records) {
      expect(value).toBe(offset)
      const committed = this.#committed.get(partition) ?? 0
      const isLost = of?.lost.has(partition) === true
      const from = isLost ? committed : Math.max(committed, of?.reached.get(partition) ?? 0)
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

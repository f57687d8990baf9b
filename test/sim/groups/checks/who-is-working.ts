/** How long who was asked to remove a member may try. */
const REMOVAL_MS_MAX = 20_000

/** What is true of one member, whatever its coordinator believes. */
export interface MemberFacts {
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  /** When it was answered last, or has joined. */
  heardMs: number
  /** It has asked to leave, or an operator has fenced it: so long that may be carried out. */
  mayGoUntilMs: number
  /**
   * Until when an earlier process under its id, or a request that it has left behind, may say what
   * this one knows nothing of: a member is one process, so nothing is promised meanwhile.
   */
  sharedUntilMs: number
  /** Partitions whose records it was given and has not finished. */
  readonly inWork: Set<string>
}

export class WhoIsWorking {
  readonly #facts = new Map<string, MemberFacts>()
  readonly #nowMs: () => number

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  register(
    group: string,
    memberId: string,
    timeouts: Pick<MemberFacts, 'sessionTimeoutMs' | 'rebalanceTimeoutMs'>,
  ): MemberFacts {
    const known = this.#facts.get(`${group} ${memberId}`)
    if (known !== undefined) return known
    const times = { heardMs: 0, mayGoUntilMs: 0, sharedUntilMs: 0 }
    const facts = { ...timeouts, ...times, inWork: new Set<string>() }
    this.#facts.set(`${group} ${memberId}`, facts)
    return facts
  }

  of(group: string, memberId: string): MemberFacts {
    const facts = this.#facts.get(`${group} ${memberId}`)
    if (facts === undefined) throw new Error(`nobody is ${memberId} of ${group}`)
    return facts
  }

  joined(group: string, memberId: string): void {
    const facts = this.of(group, memberId)
    facts.heardMs = Math.max(facts.heardMs, this.#nowMs())
  }

  isWorking(group: string, memberId: string, key: string): boolean {
    const { inWork, sharedUntilMs } = this.of(group, memberId)
    return inWork.has(key) && this.#nowMs() >= sharedUntilMs
  }

  asksToGo(facts: MemberFacts): void {
    facts.mayGoUntilMs = this.#nowMs() + REMOVAL_MS_MAX
  }

  /** An operator has asked for all members of the group to be removed. */
  fenced(group: string): void {
    for (const [id, facts] of this.#facts) if (id.startsWith(`${group} `)) this.asksToGo(facts)
  }
}

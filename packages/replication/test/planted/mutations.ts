/** A bug that the model must find: an exact piece of a source file, and what stands there then. */
export interface Mutation {
  readonly name: string
  readonly file: string
  readonly find: string
  readonly replace: string
}

export const mutations: readonly Mutation[] = [
  {
    name: 'truncate to the high watermark',
    file: 'follower.ts',
    find: 'const offset = Math.min(end, own?.end ?? log.logStartOffset, log.appendedEnd) as Offset',
    replace: 'const offset = log.highWatermark',
  },
  {
    name: 'truncate once, to the leader’s end, whatever the own epochs are',
    file: 'follower.ts',
    find: 'Math.min(end, own?.end ?? log.logStartOffset, log.appendedEnd)',
    replace: 'Math.min(end, log.appendedEnd)',
  },
  {
    name: 'answer a divergent follower with records',
    file: 'replica-set.ts',
    find: 'if (diverging !== null) return diverging\n',
    replace: '',
  },
  {
    name: 'check no leader epoch on a fetch',
    file: 'replica-set.ts',
    find: '    this.#requireEpoch(fetch.leaderEpoch)\n',
    replace: '',
  },
  {
    name: 'count a follower before its log is known to be a part of ours',
    file: 'replica-set.ts',
    find: '    const diverging = divergence(log, fetch)\n',
    replace:
      '    follower.fetched(fetch, log.appendedEnd, nowMs)\n    const diverging = divergence(log, fetch)\n',
  },
  {
    name: 'wait for the committed in-sync replicas only',
    file: 'replica-set.ts',
    find: '    for (const broker of this.#isr.maximal) {',
    replace: '    for (const broker of this.inSyncReplicas) {',
  },
  {
    name: 'wait for the proposed in-sync replicas only',
    file: 'in-sync-replicas.ts',
    find: '    this.#inFlight = proposal\n    this.#unite()',
    replace: '    this.#inFlight = proposal\n    this.#maximal = members',
  },
  {
    name: 'take a lost answer for a refusal',
    file: 'replica-set.ts',
    find: "const isOpen = outcome.kind === 'unknown' || outcome.kind === 'committed'",
    replace: 'const isOpen = false',
  },
  {
    name: 'never settle a lost proposal',
    file: 'replica-set.ts',
    find: 'if (!isChange && !this.#isr.isUnresolved) return null',
    replace: 'if (!isChange) return null',
  },
  {
    name: 'let in who lacks the start of the term',
    file: 'replica-set.ts',
    find: ' && endOffset >= this.#epochStartOffset',
    replace: '',
  },
  {
    name: 'let in who lacks what is committed',
    file: 'replica-set.ts',
    find: 'endOffset >= this.#highWatermark && ',
    replace: '',
  },
  {
    name: 'let in whoever has not fetched',
    file: 'replica-set.ts',
    find: 'return isComplete && this.#isEligible(broker, follower)',
    replace: 'return this.#isEligible(broker, follower)',
  },
  {
    name: 'commit with fewer in sync than the minimum',
    file: 'replica-set.ts',
    find: '    if (!this.#isr.isLarge) return Number.NEGATIVE_INFINITY\n',
    replace: '',
  },
  {
    name: 'commit what a follower has not reported',
    file: 'replica-set.ts',
    find: 'this.#followers.get(broker)?.endOffset ?? Number.NEGATIVE_INFINITY',
    replace: 'Math.max(this.#followers.get(broker)?.endOffset ?? 0, this.#highWatermark + 1)',
  },
  {
    name: 'believe the fetch of an earlier life of a broker',
    file: 'follower-progress.ts',
    find: '    if (brokerEpoch < this.#brokerEpoch) return\n',
    replace: '',
  },
  {
    name: 'apply an answer that was asked of another leader',
    file: 'follower.ts',
    find: "    if (asked.leaderEpoch !== this.#leaderEpoch) return { kind: 'ignore' }\n",
    replace: '',
  },
  {
    name: 'apply an answer to an earlier position',
    file: 'follower.ts',
    find: 'asked.offset !== log.appendedEnd || ',
    replace: '',
  },
  {
    name: 'apply an answer to the same position of before a truncation',
    file: 'follower.ts',
    find: ' || asked.lastEpoch !== log.leaderEpoch',
    replace: '',
  },
  {
    name: 'take over the leader’s high watermark as it is',
    file: 'follower.ts',
    find: 'Math.min(this.#leaderHighWatermark, log.durableEnd)',
    replace: 'this.#leaderHighWatermark',
  },
  {
    name: 'let a high watermark go by the leader’s memory',
    file: 'replica-set.ts',
    find: 'Math.min(durableEnd, this.replicatedEnd(limit))',
    replace: 'this.replicatedEnd(limit)',
  },
  {
    name: 'keep a follower that lags in sync for ever',
    file: 'replica-set.ts',
    find: 'follower.lagMs(nowMs) > lagMaxMs\n  }',
    replace: 'false\n  }',
  },
]

/** A bug that a test must find: an exact piece of a file, what stands there then, and the test. */
export interface Mutation {
  readonly name: string
  /** Below the repository's root, without `services/control-plane/` where it begins with `src/`. */
  readonly file: string
  readonly find: string
  readonly replace: string
  /** The file of the test, below `services/control-plane/`, and a part of its name. */
  readonly test: readonly [file: string, name: string]
}

const HISTORY = ['test/leadership-history.test.ts', 'leads its epoch alone'] as const
const IN_SYNC = 'test/in-sync-replicas.test.ts'
const OPERATORS = 'test/operators.test.ts'
const MIGRATION = 'migrations/0001_initial.sql'
const MODEL = 'services/control-plane/test/model'
const EQUIVALENCE = ['test/model-equivalence.test.ts', 'those of the real'] as const

const GROUPS = 'test/groups.test.ts'
const TAKEOVER = 'test/group-takeover.test.ts'

export const mutations: readonly Mutation[] = [
  {
    name: 'let a coordinator write whose shard was taken over (ADR 11)',
    file: 'src/groups/rows/lock-shards.ts',
    find: 'term?.instanceId === row.owner && term.epoch === Number(row.epoch)',
    replace: 'term !== undefined',
    test: [TAKEOVER, 'commits nothing any more'],
  },
  {
    name: 'change owners while a commit is under way (B13.7, bug 37)',
    file: 'src/groups/coordination/coordinated-group.ts',
    find: `        await this.#looking.free()
        this.term.check()`,
    replace: '        this.term.check()',
    test: [GROUPS, 'a commit under way counts before'],
  },
  {
    name: 'renew the lease on a database that went back in time (B1.2)',
    file: 'src/groups/leases/control-plane-lease.ts',
    find: 'gte(controlPlaneTable.renewals, renewals)',
    replace: 'gte(controlPlaneTable.renewals, renewals - 1_000_000)',
    test: [TAKEOVER, 'went back in time'],
  },
  {
    name: 'let offsets of a group expire that was used lately (bug 35)',
    file: 'src/groups/expiry/expire-groups.ts',
    find: 'candidate.empty_since < clock_timestamp()',
    replace: "candidate.empty_since < clock_timestamp() + interval '1 year'",
    test: [GROUPS, 'only a group that has long been empty expires'],
  },
  {
    name: 'let offsets move back when two commits meet (B13.8)',
    file: 'src/groups/coordination/coordinated-group.ts',
    find: 'each.offset > (loaded.offsets.at(each)?.offset ?? -1)',
    replace: 'each.offset >= 0',
    test: [GROUPS, 'a commit never moves an offset back'],
  },
  {
    name: 'answer from memory when the lease is over (ADR 11)',
    file: 'src/groups/leases/shard-leases.ts',
    find: '    if (!this.#isValid) this.#loseAll()',
    replace: '    if (!this.#isValid) this.#lease.validUntilMs = Number.POSITIVE_INFINITY',
    test: [TAKEOVER, 'answers for no group once its lease is over'],
  },
  {
    name: 'take the metadata version without its lock (B1.5, bug 38)',
    file: MIGRATION,
    find: `  UPDATE cluster_meta SET metadata_version = metadata_version + 1
    WHERE cluster_incarnation = incarnation
      AND (reported_incarnation, reported_version) <= (cluster_incarnation, metadata_version)
      AND confirmed_server = pg_postmaster_start_time()
    RETURNING metadata_version INTO next_version;`,
    replace: `  SELECT metadata_version + 1 INTO next_version FROM cluster_meta
    WHERE cluster_incarnation = incarnation;
  UPDATE cluster_meta SET metadata_version = greatest(metadata_version, next_version);`,
    test: ['test/feed.test.ts', 'bug 38'],
  },
  {
    name: 'place replicas without locking the brokers (B1.4, bug 10)',
    file: MIGRATION,
    find: 'ORDER BY broker_id FOR SHARE',
    replace: 'ORDER BY broker_id',
    test: ['test/brokers.test.ts', 'bug 10'],
  },
  {
    name: 'fence a broker whose session was renewed (B2.6)',
    file: 'src/brokers/fence-broker.ts',
    find: 'if (session !== null && !session.hasExpired) return false',
    replace: '',
    test: ['test/brokers.test.ts', 'heard at the last moment'],
  },
  {
    name: 'believe a damaged or empty disk (B2.3, bugs 11 and 12)',
    file: 'src/brokers/judge-registration.ts',
    find: 'before !== null && request.intact && isSuccessor(before, request)',
    replace: 'before !== null',
    test: HISTORY,
  },
  {
    name: 'believe a stale copy of a disk (amendment 1, bug 14)',
    file: 'src/brokers/judge-registration.ts',
    find: ' && vouchedEpochs.includes(previousBrokerEpoch)',
    replace: '',
    test: HISTORY,
  },
  {
    name: 'believe a disk that has registered since (amendment 1)',
    file: 'src/brokers/judge-registration.ts',
    find: 'vouchedEpochs.includes(previousBrokerEpoch)',
    replace: '(vouchedEpochs[0] ?? 0) <= previousBrokerEpoch',
    test: HISTORY,
  },
  {
    name: 'make a broker active on whatever disk, as eligible as it was (amendment 1)',
    file: 'src/brokers/judge-heartbeat.ts',
    find: "return state === 'active' && !isVouchedFor(row)",
    replace: 'return row.brokerId < 0',
    test: HISTORY,
  },
  {
    name: 'end the eligibility of a broker with a registration (amendment 1)',
    file: 'src/brokers/register-broker.ts',
    find: '    rows.map((row) => leaveReplicaSet(row, brokerId)),',
    replace: `    rows.map((row) => ({ ...leaveReplicaSet(row, brokerId), eligibleReplicas: [] })),`,
    test: ['test/vouched-epochs.test.ts', 'costs its broker nothing'],
  },
  {
    name: 'let a second process take a live id (B2.2)',
    file: 'src/brokers/register-broker.ts',
    find: 'if (before !== null) refuseSecond(before, await lockSession(transaction, brokerId), request)',
    replace: '',
    test: ['test/brokers.test.ts', 'is refused while another process holds the id'],
  },
  {
    name: 'keep replicas eligible while enough are in sync (B3.3, bug 12)',
    file: 'src/elections/decide-leadership.ts',
    find: 'if (inSyncReplicas.length >= now.effectiveMinIsr) {',
    replace: 'if (inSyncReplicas.length > 99) {',
    test: ['src/elections/decide-leadership.test.ts', 'forget who left while enough remained'],
  },
  {
    name: 'keep replicas eligible when the minimum is lowered (B3.4, bug 13)',
    file: 'src/topics/with-min-isr.ts',
    find: 'now.inSyncReplicas.length >= minIsr',
    replace: 'minIsr < 0',
    test: ['test/brokers.test.ts', 'ends the eligibility'],
  },
  {
    name: 'elect whoever is active (B3.5, bug 18)',
    file: 'src/elections/decide-leadership.ts',
    find: 'active.find((broker) => now.eligibleReplicas.includes(broker)) ??',
    replace: 'active[0] ??',
    test: HISTORY,
  },
  {
    name: 'use a leader epoch again (B0.2)',
    file: 'src/elections/settle.ts',
    find: '(isNewTerm ? 1 : 0)',
    replace: '0',
    test: HISTORY,
  },
  {
    name: 'let a broker lead that follows no elections (B2.5, bug 4)',
    file: 'src/brokers/heartbeat.ts',
    find: '  if (!renewsSession(row, request, versionOneSessionAgo())) return row\n',
    replace: '\n',
    test: ['test/brokers.test.ts', 'amendment 5'],
  },
  {
    name: 'let a broker lead before it has caught up (B2.4)',
    file: 'src/brokers/judge-heartbeat.ts',
    find: 'Math.max(row.brokerEpoch, versionOneSessionAgo)',
    replace: 'row.brokerEpoch',
    test: ['test/brokers.test.ts', 'amendment 5'],
  },
  {
    name: 'leave the elections to the recovery of who began anew (B3.1)',
    file: 'src/brokers/register-broker.ts',
    find: '  await runElections(cluster)\n',
    replace: '',
    test: ['test/brokers.test.ts', 'another broker leads at once'],
  },
  {
    name: 'fence by the clock of the database alone (B2.7)',
    file: 'src/brokers/silence-watch.ts',
    find: 'return reading.hasExpired && nowMs - known.sinceMs >= this.#timeoutMs',
    replace: 'return reading.hasExpired',
    test: ['src/brokers/silence-watch.test.ts', 'whatever the clock of the database says'],
  },
  {
    name: 'call a lost answer to COMMIT a failure (B0.4, bug 41)',
    file: 'src/database/database.ts',
    find: "      committed = 'unknown'\n",
    replace: '',
    test: ['test/database-loss.test.ts', 'never as not applied'],
  },
  {
    name: 'repeat blindly after a lost answer to COMMIT (bug 41)',
    file: 'src/database/database.ts',
    find: "return options.onLostCommit === 'repeat'",
    replace: 'return true',
    test: ['test/database-loss.test.ts', 'never as not applied'],
  },
  {
    name: 'follow a database back in time (B1.2, bug 39)',
    file: 'src/feed/metadata-feed.ts',
    find: 'if (head.metadataVersion < this.#state.version) {',
    replace: 'if (head.metadataVersion < 0) {',
    test: ['test/feed.test.ts', 'went back in time'],
  },
  {
    name: 'forget the tombstones of topics (B1.3, bug 22)',
    file: 'src/feed/forget-deletions.ts',
    find: "kind <> 'topic' AND ",
    replace: '',
    test: ['test/feed-upkeep.test.ts', 'never the tombstone'],
  },
  {
    name: 'never compare the copy with the tables (B1.6)',
    file: 'src/feed/metadata-feed.ts',
    find: 'if (sums.gateway !== digest.gateway || sums.broker !== digest.broker) {',
    replace: 'if (sums.gateway < 0) {',
    test: ['test/feed-upkeep.test.ts', 'held to the tables too'],
  },
  {
    name: 'work for a tenant without its role (D5)',
    file: 'src/database/database.ts',
    find: 'BEGIN; SET LOCAL ROLE courant_tenant; SET LOCAL',
    replace: 'BEGIN; SET LOCAL ROLE courant_platform; SET LOCAL',
    test: ['test/row-level-security.test.ts', 'changes and deletes nothing of another tenant'],
  },
  {
    name: 'let the owner inherit the roles (D5)',
    file: MIGRATION,
    find: 'WITH SET TRUE, INHERIT FALSE',
    replace: 'WITH SET TRUE, INHERIT TRUE',
    test: ['test/non-superuser.test.ts', 'row-level security binds it too'],
  },
  {
    name: 'decide about brokers without locking them (B1.4, bug 10)',
    file: 'src/elections/lock-brokers.ts',
    find: '    .for(strength)\n',
    replace: '',
    test: [IN_SYNC, 'it waits and sees it'],
  },
  {
    name: 'take in who has restarted since it fetched (KIP-903, bug 11)',
    file: 'src/in-sync-replicas/judge-change.ts',
    find: 'member.brokerEpoch === broker.brokerEpoch && ',
    replace: '',
    test: [IN_SYNC, 'restarted since it fetched'],
  },
  {
    name: 'take in who has not fetched in this term (KIP-903)',
    file: 'src/in-sync-replicas/judge-change.ts',
    find: 'if (member.brokerEpoch === 0) return isIn',
    replace: 'if (member.brokerEpoch === 0) return true',
    test: [IN_SYNC, 'restarted since it fetched'],
  },
  {
    name: 'take in who is on its way out (KIP-841, bug 10)',
    file: 'src/in-sync-replicas/judge-change.ts',
    find: "(isIn || broker.state === 'active')",
    replace: 'true',
    test: [IN_SYNC, 'fenced or on its way out'],
  },
  {
    name: 'change in-sync replicas from an old state (B4)',
    file: 'src/in-sync-replicas/judge-change.ts',
    find: "if (partitionEpoch < now.partitionEpoch) return 'INVALID_UPDATE_VERSION'",
    replace: '',
    test: [IN_SYNC, 'from an old partition epoch'],
  },
  {
    name: 'change in-sync replicas in an old term (B4)',
    file: 'src/in-sync-replicas/judge-change.ts',
    find: "if (leaderEpoch < now.leaderEpoch) return 'FENCED_LEADER_EPOCH'",
    replace: '',
    test: [IN_SYNC, 'in an old term'],
  },
  {
    name: 'let anybody change in-sync replicas (B4)',
    file: 'src/in-sync-replicas/judge-change.ts',
    find: "if (sender !== now.leader && !isWithdrawal) return 'NOT_LEADER'",
    replace: '',
    test: [IN_SYNC, 'from somebody who does not lead'],
  },
  {
    name: 'leave the leader out of those in sync (B4.1)',
    file: 'src/in-sync-replicas/judge-change.ts',
    find: ' && ids.has(now.leader)',
    replace: '',
    test: [IN_SYNC, 'without the leader'],
  },
  {
    name: 'let a leader know more than the database (B1.2, bug 39)',
    file: 'src/in-sync-replicas/judge-change.ts',
    find: 'if (leaderEpoch > now.leaderEpoch || partitionEpoch > now.partitionEpoch) {',
    replace: 'if (leaderEpoch < 0) {',
    test: [IN_SYNC, 'that went back in time'],
  },
  {
    name: 'hear a leader whose process is gone (B4.1)',
    file: 'src/in-sync-replicas/alter-partitions.ts',
    find: 'if (brokers.get(brokerId)?.brokerEpoch !== brokerEpoch) throw staleBrokerEpoch()',
    replace: '',
    test: [IN_SYNC, 'when the leader has begun anew'],
  },
  {
    name: 'forget who leaves below the minimum (B3.3, bug 12)',
    file: 'src/in-sync-replicas/apply-change.ts',
    find: 'settle(withInSyncReplicas(before, inOrder), states)',
    replace: 'settle({ ...before, inSyncReplicas: inOrder }, states)',
    test: [IN_SYNC, 'leaves eligible who goes below the minimum'],
  },
  {
    name: 'hand out producer ids by the blocks there are (amendment 7)',
    file: 'src/producer-ids/allocate-producer-ids.ts',
    find: "nextval('courant.producer_id_block_number')",
    replace: '(SELECT count(*) FROM courant.producer_id_block)',
    test: [IN_SYNC, 'blocks that nobody else gets'],
  },
  {
    name: 'end a move before the new replicas are in sync (KIP-455)',
    file: 'src/reassignments/complete-reassignment.ts',
    find: '!hasCaughtUp || ',
    replace: '',
    test: [OPERATORS, 'until the new ones are in sync'],
  },
  {
    name: 'end a move below the minimum (KIP-455)',
    file: 'src/reassignments/complete-reassignment.ts',
    find: ' || remaining.length < effectiveMinIsr',
    replace: '',
    test: [OPERATORS, 'waits while too few of those that stay'],
  },
  {
    name: 'keep the term when a replica leaves (bug 9)',
    file: 'src/elections/settle.ts',
    find: ' || hasLost',
    replace: '',
    test: [OPERATORS, 'until the new ones are in sync'],
  },
  {
    name: 'cancel a move that holds the only copies (KIP-455)',
    file: 'src/reassignments/change-reassignment.ts',
    find: 'if (isShort || ',
    replace: 'if (',
    test: [OPERATORS, 'may be on its new replicas only'],
  },
  {
    name: 'give leadership back to who is behind (B3.2)',
    file: 'src/elections/prefer-leaders.ts',
    find: 'partition.inSyncReplicas',
    replace: 'partition.replicas',
    test: [OPERATORS, 'once they are in sync, and not before'],
  },
  {
    name: 'remove a broker that has replicas (B1.3)',
    file: 'src/brokers/remove-broker.ts',
    find: '    refuseReplicas(await countReplicas(transaction, brokerId))\n',
    replace: '',
    test: [OPERATORS, 'is not removed while a replica is its own'],
  },
  {
    name: 'elect uncleanly where a clean election is possible (B3.5, bug 18)',
    file: 'src/elections/judge-unclean-election.ts',
    find: 'if (settle(row, statesOf(brokers)).leader !== null) {',
    replace: 'if (row.leaderEpoch < 0) {',
    test: [OPERATORS, 'is refused while a clean one is possible'],
  },
  {
    name: 'leave no mark of an unclean election (B5.5)',
    file: 'src/elections/judge-unclean-election.ts',
    find: '    lastUncleanLeaderEpoch: now.leaderEpoch + 1,\n',
    replace: '',
    test: [OPERATORS, 'the term from which they may cut'],
  },
  {
    name: 'model: forget who goes below the minimum',
    file: `${MODEL}/elections/run-elections.ts`,
    find: 'settleAll(rows, states)',
    replace: 'settleAll(rows, states).map((row) => ({ ...row, eligibleReplicas: [] }))',
    test: EQUIVALENCE,
  },
  {
    name: 'model: leave the partition epoch as it is',
    file: `${MODEL}/elections/run-elections.ts`,
    find: 'settleAll(rows, states)',
    replace: `settleAll(rows, states).map((row) => ({
      ...row, partitionEpoch: row.partitionEpoch - 1 }))`,
    test: EQUIVALENCE,
  },
  {
    name: 'model: take fenced brokers in',
    file: `${MODEL}/elections/alter-partitions.ts`,
    find: 'applyChange(change, brokerId, rows, brokers)',
    replace: `applyChange(change, brokerId, rows, new Map(
      [...brokers].map(([id, row]) => [id, { ...row, state: 'active' as const }])))`,
    test: EQUIVALENCE,
  },
  {
    name: 'model: elect from those in sync only',
    file: `${MODEL}/elections/run-elections.ts`,
    find: '[...inSyncReplicas, ...eligibleReplicas]',
    replace: 'inSyncReplicas',
    test: EQUIVALENCE,
  },
  {
    name: 'model: fence whose session goes on',
    file: `${MODEL}/brokers/fence-broker.ts`,
    find: '    if (sessionOf(within, brokerId)?.hasExpired === false) return false\n',
    replace: '',
    test: EQUIVALENCE,
  },
  {
    name: 'model: leave half of a failed transaction behind',
    file: `${MODEL}/database/transaction.ts`,
    find: 'table.rollBack()',
    replace: 'table.commit()',
    test: EQUIVALENCE,
  },
  {
    name: 'model: show a tenant the topics of another',
    file: `${MODEL}/topics/tenant-topics.ts`,
    find: '.filter((row) => row.tenantId === tenantId)',
    replace: '.filter(() => tenantId !== null)',
    test: EQUIVALENCE,
  },
]

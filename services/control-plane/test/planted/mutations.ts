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
const MIGRATION = 'migrations/0001_initial.sql'

export const mutations: readonly Mutation[] = [
  {
    name: 'take the metadata version without its lock (B1.5, bug 38)',
    file: MIGRATION,
    find: `  UPDATE cluster_meta SET metadata_version = metadata_version + 1
    WHERE cluster_incarnation = incarnation
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
    file: 'src/brokers/register-broker.ts',
    find: 'return before.activatedEpoch === null || (request.intact && isSuccessor(before, request))',
    replace: 'return true',
    test: HISTORY,
  },
  {
    name: 'believe a stale copy of a disk (amendment 1, bug 14)',
    file: 'src/brokers/register-broker.ts',
    find: 'previous >= (before.activatedEpoch ?? 0)',
    replace: 'previous >= 0',
    test: HISTORY,
  },
  {
    name: 'let a second process take a live id (B2.2)',
    file: 'src/brokers/register-broker.ts',
    find: 'if (before !== null && !isNew) await refuseSecond(transaction, before, request)',
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
    file: 'src/topics/alter-topic.ts',
    find: '.inSyncReplicas}) >= ',
    replace: '.inSyncReplicas}) < 0 * ',
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
    find: 'if (!follows) return row\n',
    replace: '\n',
    test: ['test/brokers.test.ts', 'amendment 5'],
  },
  {
    name: 'let a broker lead before it has caught up (B2.4)',
    file: 'src/brokers/heartbeat.ts',
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
]

import { mutations as ofControlPlane } from '@courant/control-plane/planted'
import { mutations as ofLog } from '@courant/log/planted'
import { mutations as ofReplication } from '@courant/replication/planted'
import type { PlantedText } from '@courant/testkit/planted-copy'

/** A bug that the simulation must find. */
export interface Mutation extends PlantedText {
  readonly name: string
  /** What it breaks: a rule of the design, or a row of its list of bugs to avoid. */
  readonly rule: string
  /** Has found it before, and is tried first. */
  readonly seed: number
  /** Kinds of faults that bring it to light, so that few seeds are enough; none stands for all. */
  readonly only: readonly string[]
}

type Known = PlantedText & { readonly name: string }
type Finding = Pick<Mutation, 'rule' | 'seed' | 'only'>

/** Bugs that have another test of their own, too: where they are planted is said there. */
function known(
  list: readonly Known[],
  folder: string,
): (name: string, finding: Finding) => Mutation {
  return (name, finding) => {
    const found = list.find((mutation) => mutation.name.startsWith(name))
    if (found === undefined) throw new Error(`no planted bug is called ${name}`)
    const { file, find, replace } = found
    return { name, file: `${folder}/${file}`, find, replace, ...finding }
  }
}

const replication = known(ofReplication, 'packages/replication/src')
const log = known(ofLog, 'packages/log/src')
const controlPlane = known(ofControlPlane, 'services/control-plane')

const ALL: readonly string[] = []
const CRASHES = ['kill one', 'isolate one', 'pause', 'slow link']
const BROKEN_CONNECTIONS = ['break connections', 'kill one', 'isolate one']
const POWER_CUTS = ['cut the power of one', 'cut the power of all']
const LOWER_MINIMA = ['flip the minimum in sync', 'kill one', 'isolate one']
const ROLLBACKS = ['roll the database back', 'kill one', 'isolate one']
const SLOW_ANSWERS = ['slow database', 'kill one', 'pause']

export const mutations: readonly Mutation[] = [
  replication('truncate to the high watermark', { rule: 'bug 1', seed: 10, only: CRASHES }),
  replication('answer a divergent follower with records', {
    rule: 'bug 2',
    seed: 4,
    only: CRASHES,
  }),
  replication('wait for the committed in-sync replicas only', {
    rule: 'bug 6',
    seed: 11,
    only: SLOW_ANSWERS,
  }),
  replication('wait for the proposed in-sync replicas only', {
    rule: 'bug 6',
    seed: 22,
    only: ['slow database', 'pause', 'isolate one'],
  }),
  replication('take a lost answer for a refusal', {
    rule: 'bug 7',
    seed: 91,
    only: ['mute the database', 'pause'],
  }),
  replication('let in who lacks the start of the term', {
    rule: 'bug 8',
    seed: 1,
    only: ['kill one', 'slow link'],
  }),
  replication('let in who lacks what is committed', { rule: 'B4.4', seed: 6, only: CRASHES }),
  replication('let in whoever has not fetched', { rule: 'B4.4', seed: 6, only: CRASHES }),
  replication('commit with fewer in sync than the minimum', {
    rule: 'bug 17',
    seed: 1,
    only: CRASHES,
  }),
  replication('commit what a follower has not reported', {
    rule: 'B5.6',
    seed: 1,
    only: CRASHES,
  }),
  replication('let a high watermark go by the leader’s memory', {
    rule: 'B5.6',
    seed: 3,
    only: CRASHES,
  }),
  log('acknowledge before the sync', { rule: 'bug 19', seed: 24, only: POWER_CUTS }),
  log('append what a producer sends again', {
    rule: 'B11.2',
    seed: 3,
    only: BROKEN_CONNECTIONS,
  }),
  log('replicate without noting the producers', { rule: 'B11.1', seed: 9, only: CRASHES }),
  log('replay the ring without its producers', {
    rule: 'B10.3',
    seed: 4,
    only: ['kill all brokers'],
  }),
  controlPlane('believe a damaged or empty disk', {
    rule: 'bug 11',
    seed: 8,
    only: ['lose a disk'],
  }),
  controlPlane('keep replicas eligible while enough are in sync', {
    rule: 'bug 12',
    seed: 1,
    only: CRASHES,
  }),
  controlPlane('keep replicas eligible when the minimum is lowered', {
    rule: 'bug 13',
    seed: 5,
    only: LOWER_MINIMA,
  }),
  controlPlane('elect whoever is active', { rule: 'bug 18', seed: 1, only: CRASHES }),
  controlPlane('use a leader epoch again', { rule: 'B0.2', seed: 1, only: CRASHES }),
  {
    name: 'begin a lease whatever the copy of the metadata knows',
    rule: 'ADR 3',
    seed: 34,
    only: ALL,
    file: 'services/broker/src/control-plane/lease.ts',
    find: '      if (isNewer(next.renewedAt, applied)) return\n',
    replace: '',
  },
  {
    name: 'acknowledge a duplicate before its original is committed',
    rule: 'bug 24',
    seed: 1,
    only: BROKEN_CONNECTIONS,
    file: 'services/broker/src/partition/leadership.ts',
    find: 'if (awaited === null || this.#reached()[awaited] >= until) append.acknowledge()',
    replace: 'if (awaited !== undefined) append.acknowledge()',
  },
  {
    name: 'answer a duplicate with another offset than that of its original',
    rule: 'B11.2',
    seed: 4,
    only: BROKEN_CONNECTIONS,
    file: 'services/broker/src/partition/produced-append.ts',
    find: 'append.appended(baseOffset,',
    replace: "append.appended(outcome === 'duplicate' ? log.appendedEnd : baseOffset,",
  },
  {
    name: 'send what may have been written again, under a new epoch',
    rule: 'bug 23',
    seed: 1,
    only: BROKEN_CONNECTIONS,
    file: 'services/gateway/src/accumulator/delivery.ts',
    find: '    const stamp = this.#producer.stamp()\n    const isFixed = this.#doubt !== null\n',
    replace:
      '    if (this.#doubt !== null) this.#producer.raiseEpoch()\n' +
      '    const stamp = this.#producer.stamp()\n    const isFixed = false\n',
  },
  {
    name: 'tell a producer that nothing was written when its connection breaks',
    rule: 'B6.1',
    seed: 5,
    only: BROKEN_CONNECTIONS,
    file: 'packages/kernel/src/error-codes.ts',
    find: "    13,\n    'retriable',\n    'unknown',",
    replace: "    13,\n    'retriable',\n    'no',",
  },
  {
    name: 'hear what brokers have seen of the metadata, and not compare it',
    rule: 'bug 39',
    seed: 7201,
    only: ROLLBACKS,
    file: 'services/control-plane/test/model/rollback/hear.ts',
    find: 'if (seen !== undefined && isNewer(seen, standing)) {',
    replace: 'if (seen !== undefined && seen.metadataVersion < 0) {',
  },
  {
    name: 'let consumers read what is not committed',
    rule: 'B9.1',
    seed: 1,
    only: CRASHES,
    file: 'services/broker/src/partition/leader-reads.ts',
    find: 'return readRecords(log, request, log.highWatermark,',
    replace: 'return readRecords(log, request, log.appendedEnd,',
  },
]

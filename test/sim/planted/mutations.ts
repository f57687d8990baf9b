import { mutations as ofControlPlane } from '@courant/control-plane/planted'
import { mutations as ofLog } from '@courant/log/planted'
import { mutations as ofReplication } from '@courant/replication/planted'
import type { PlantedText } from '@courant/testkit/planted-copy'

/** A bug that the simulation must find. */
export interface Mutation extends PlantedText {
  readonly name: string
}

type Known = Mutation & { readonly test?: unknown }

/** Bugs that have another test of their own, too: where they are planted is said there. */
function known(list: readonly Known[], folder: string, name: string): Mutation {
  const found = list.find((mutation) => mutation.name.startsWith(name))
  if (found === undefined) throw new Error(`no planted bug is called ${name}`)
  const { file, find, replace } = found
  return { name, file: `${folder}/${file}`, find, replace }
}

const replication = (name: string): Mutation =>
  known(ofReplication, 'packages/replication/src', name)
const log = (name: string): Mutation => known(ofLog, 'packages/log/src', name)
const controlPlane = (name: string): Mutation =>
  known(ofControlPlane, 'services/control-plane', name)

export const mutations: readonly Mutation[] = [
  replication('truncate to the high watermark'),
  replication('truncate once, to the leader’s end, whatever the own epochs are'),
  replication('answer a divergent follower with records'),
  replication('check no leader epoch on a fetch'),
  replication('count a follower before its log is known to be a part of ours'),
  replication('wait for the committed in-sync replicas only'),
  replication('wait for the proposed in-sync replicas only'),
  replication('take a lost answer for a refusal'),
  replication('let in who lacks the start of the term'),
  replication('let in who lacks what is committed'),
  replication('let in whoever has not fetched'),
  replication('commit with fewer in sync than the minimum'),
  replication('commit what a follower has not reported'),
  replication('apply an answer to an earlier position'),
  replication('apply an answer to the same position of before a truncation'),
  replication('take over the leader’s high watermark as it is'),
  replication('let a high watermark go by the leader’s memory'),
  replication('keep a follower that lags in sync for ever'),
  log('acknowledge before the sync'),
  log('do not enter a truncation in the ring'),
  log('give a re-created partition the number of the deleted one'),
  log('replay what the checkpoint has already'),
  log('free the ring before the checkpoint log is synced'),
  controlPlane('believe a damaged or empty disk'),
  controlPlane('keep replicas eligible while enough are in sync'),
  controlPlane('elect whoever is active'),
  controlPlane('use a leader epoch again'),
  controlPlane('take in who is on its way out'),
  controlPlane('take in who has restarted since it fetched'),
  controlPlane('change in-sync replicas from an old state'),
  controlPlane('forget who leaves below the minimum'),
  {
    name: 'begin a term without noting its epoch',
    file: 'services/broker/src/partition/partition.ts',
    find: '    await log.startEpoch(term.row.leaderEpoch)\n',
    replace: '',
  },
  {
    name: 'serve on after the registration has become void',
    file: 'services/broker/src/control-plane/membership.ts',
    find: '    this.#parts.partitions.close(refusal)\n',
    replace: '    void refusal\n',
  },
  {
    name: 'delete a replica that has moved away at once, wherever the others are',
    file: 'services/broker/src/partition/removed-replicas.ts',
    find: 'sinceMs <= before && this.#isSafeElsewhere(partition)',
    replace: 'sinceMs > 0',
  },
  {
    name: 'tell a producer that nothing was written when its connection breaks',
    file: 'packages/kernel/src/error-codes.ts',
    find: "    13,\n    'retriable',\n    'unknown',",
    replace: "    13,\n    'retriable',\n    'no',",
  },
]

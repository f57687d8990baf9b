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
}

type Known = PlantedText & { readonly name: string }
type Finding = Pick<Mutation, 'rule' | 'seed'>

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

export const mutations: readonly Mutation[] = [
  replication('truncate to the high watermark', { rule: 'bug 1', seed: 63 }),
  replication('answer a divergent follower with records', { rule: 'B5.3', seed: 4 }),
  replication('commit with fewer in sync than the minimum', { rule: 'bug 17', seed: 1 }),
  replication('commit what a follower has not reported', { rule: 'B5.6', seed: 2 }),
  replication('let in whoever has not fetched', { rule: 'B4.4', seed: 3 }),
  log('acknowledge before the sync', { rule: 'bug 19', seed: 4 }),
  log('append what a producer sends again', { rule: 'B11.2', seed: 3 }),
  log('replicate without noting the producers', { rule: 'B11.1', seed: 2 }),
  controlPlane('elect whoever is active', { rule: 'bug 18', seed: 1 }),
  {
    name: 'tell a producer that nothing was written when its connection breaks',
    rule: 'B6.1',
    seed: 1,
    file: 'packages/kernel/src/error-codes.ts',
    find: "    13,\n    'retriable',\n    'unknown',",
    replace: "    13,\n    'retriable',\n    'no',",
  },
]

/** One run: load, faults, healing, and what the histories and the disks say afterwards. */
import { SeededRandom, systemClock, wait } from '@courant/kernel'
import { CHECKERS, checkHistory } from './checkers/check-history.ts'
import { BrokerPrograms } from './cluster/broker-programs.ts'
import { ChaosCluster, makeHome, removeHome } from './cluster/chaos-cluster.ts'
import { withSession } from './cluster/with-session.ts'
import { type DiskChoice, openDisks } from './disk/open-disks.ts'
import { faultsNamed } from './faults/all-faults.ts'
import type { World } from './faults/fault.ts'
import { Nemesis, type Rhythm, type Struck } from './faults/nemesis.ts'
import { awaitHealth, type Health } from './final/await-health.ts'
import { compareReplicas } from './final/compare-replicas.ts'
import type { History, Violation } from './history/history.ts'
import { Recorder } from './history/recorder.ts'
import { Load } from './load/load.ts'
import { createTopics, LOGS } from './load/topics.ts'
import { Links } from './network/links.ts'
import { type NetworkChoice, openNetwork } from './network/open-network.ts'
import { type Report, reportOf } from './report/report.ts'

export interface RunOptions {
  readonly seed: number
  readonly minutes: number
  /** Parts of the names of faults; without any, all faults may strike. */
  readonly only: readonly string[]
  readonly network: NetworkChoice
  readonly disks: DiskChoice
  /** Null for the default of the control plane. */
  readonly sessionMs: number | null
  readonly rhythm: Rhythm
  /** How long each fault lasts, of those that do; null for what the seed has. */
  readonly lastMs: number | null
  /** What is kept when it ends: nothing, or the directory for somebody to look at. */
  readonly keep: 'nothing' | 'home'
  /** A line for whoever watches. */
  readonly say: (line: string) => void
}

/** Of the starts of brokers, unless all of them are as shipped. */
const FORGETFUL_SHARE = 0.75
const QUIET_START_MS = 10_000
/** Beside those of the histories: health after the heal, ends of processes, and the replicas. */
const OTHER_CHECKS = 3
/** Default ports with this added stay below those that systems give to connections. */
const PORT_OFFSET_MAX = 20_000

export async function run(options: RunOptions): Promise<Report> {
  const { seed, minutes, keep, say } = options
  const home = await makeHome()
  const network = await openNetwork(options.network)
  const disks = await openDisks(options.disks, home)
  const means = [network.means, disks.means]
  for (const line of means) say(line)
  try {
    const programs = new BrokerPrograms(seed, options.disks === 'plain' ? 0 : FORGETFUL_SHARE)
    const directories = new Map<string, string>()
    const cluster = await ChaosCluster.start({
      home,
      portOffset: 1_000 + (process.pid % PORT_OFFSET_MAX),
      say,
      async adapt(plan) {
        const { role, id, env } = plan
        if (role === 'broker') directories.set(`${id}`, env['COURANT_DATA_DIR'] ?? '')
        const timed = withSession(plan, options.sessionMs)
        return await network.adapt(programs.adapt(await disks.adapt(timed)))
      },
    })
    network.know(cluster)
    const recorder = new Recorder()
    const isOver = (): boolean => cluster.crashes.length > 0
    const world = { cluster, programs, network, links: new Links(network), disks, isOver }
    const { struck, health } = await torment(world, recorder, options).finally(() => cluster.end())
    const isWhole = health.violations.length === 0
    const final = isWhole ? await judge(recorder, directories) : NOTHING_JUDGED
    return reportOf({
      seed,
      minutes,
      means,
      struck,
      history: recorder,
      group: {
        processes: recorder.lives,
        lateAccepted: recorder.lateCommits.accepted,
        lateRefused: recorder.lateCommits.refused,
      },
      logs: LOGS,
      replicaBytes: final.replicaBytes,
      healthyMs: health.healthyMs,
      checks: CHECKERS.length + OTHER_CHECKS,
      violations: [...health.violations, ...cluster.crashes, ...final.violations],
    })
  } finally {
    await network.close()
    await disks.close()
    if (keep === 'nothing') await removeHome(home)
    else say(`kept: ${home}`)
  }
}

/** All that the clients live through, up to their reading of everything at the end. */
async function torment(
  world: World,
  recorder: Recorder,
  { seed, minutes, only, rhythm, lastMs, say }: RunOptions,
): Promise<{ readonly struck: readonly Struck[]; readonly health: Health }> {
  const { cluster } = world
  const { gateways } = cluster
  await createTopics(gateways)
  const load = new Load({ seed, gateways, recorder })
  load.start()
  await wait(systemClock, QUIET_START_MS)
  const nemesis = new Nemesis({
    world,
    faults: faultsNamed(only),
    random: new SeededRandom(seed),
    rhythm,
    lastMs,
    say,
  })
  await nemesis.run(minutes * 60_000)
  say('healed')
  const health = await awaitHealth(cluster)
  say(`healthy after ${Math.round(health.healthyMs)} ms`)
  await load.stop()
  if (health.violations.length === 0) await load.readAll()
  else await load.stopGroup()
  return { struck: nemesis.struck, health }
}

interface Judgement {
  readonly replicaBytes: number
  readonly violations: readonly Violation[]
}

/** Of a cluster that does not serve any more, nothing can be read. */
const NOTHING_JUDGED: Judgement = { replicaBytes: 0, violations: [] }

/** What the histories and the disks of brokers that have stopped say. */
async function judge(
  history: History,
  directories: ReadonlyMap<string, string>,
): Promise<Judgement> {
  const { bytes, violations } = await compareReplicas(directories)
  return { replicaBytes: bytes, violations: [...checkHistory(history), ...violations] }
}

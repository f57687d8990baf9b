/** One run: load, faults, healing, and what the histories and the disks say afterwards. */
import { SeededRandom, systemClock, wait } from '@courant/kernel'
import { CHECKERS, checkHistory } from './checkers/check-history.ts'
import { ChaosCluster, makeHome, removeHome } from './cluster/chaos-cluster.ts'
import { FAULTS } from './faults/all-faults.ts'
import { Nemesis } from './faults/nemesis.ts'
import { awaitHealth } from './final/await-health.ts'
import { compareReplicas } from './final/compare-replicas.ts'
import { Recorder } from './history/recorder.ts'
import { Producer } from './load/producer.ts'
import { Reader } from './load/reader.ts'
import { createTopics, LOGS, TOPICS } from './load/topics.ts'
import { type Report, reportOf } from './report/report.ts'

export interface RunOptions {
  readonly seed: number
  readonly minutes: number
  /** What is kept when it ends: nothing, or the directory for somebody to look at. */
  readonly keep: 'nothing' | 'home'
  readonly say: (line: string) => void
}

const PRODUCERS = 8
const CONSUMERS = 2
const QUIET_START_MS = 10_000
/** Beside those of the histories: liveness after the heal, and the replicas. */
const OTHER_CHECKS = 2
/** Default ports with this added stay below those that systems give to connections. */
const PORT_OFFSET_MAX = 20_000

export async function run(options: RunOptions): Promise<Report> {
  const { seed, minutes, say } = options
  const home = await makeHome()
  const directories = new Map<string, string>()
  const cluster = await ChaosCluster.start({
    home,
    portOffset: 1_000 + (process.pid % PORT_OFFSET_MAX),
    adapt: async (plan) => {
      if (plan.role === 'broker') directories.set(`${plan.id}`, plan.env['COURANT_DATA_DIR'] ?? '')
      return plan
    },
    say,
  })
  const random = new SeededRandom(seed)
  const recorder = new Recorder()
  const { gateways } = cluster
  await createTopics(gateways)
  const topics = TOPICS.map(({ name }) => name)
  const producers = Array.from(
    { length: PRODUCERS },
    (_, id) => new Producer({ id, seed, gateways, topics, recorder }),
  )
  const consumers = Array.from(
    { length: CONSUMERS },
    (_, id) => new Reader(`consumer ${id}`, gateways, LOGS, recorder.seen),
  )
  for (const client of [...producers, ...consumers]) client.start()
  await wait(systemClock, QUIET_START_MS)
  const nemesis = new Nemesis({ world: { cluster }, faults: FAULTS, random, say })
  await nemesis.run(minutes * 60_000)
  say('healed')
  const { healthyMs, violations: unhealthy } = await awaitHealth(cluster)
  say(`healthy after ${Math.round(healthyMs)} ms`)
  await Promise.all(producers.map((producer) => producer.stop()))
  await Promise.all(consumers.map((consumer) => consumer.stop()))
  await new Reader('final', gateways, LOGS, recorder.final).readAll()
  await cluster.end()
  const { bytes, violations: different } = await compareReplicas(directories)
  if (options.keep === 'nothing') await removeHome(home)
  else say(`kept: ${home}`)
  return reportOf({
    seed,
    minutes,
    means: {},
    struck: nemesis.struck,
    history: recorder,
    logs: LOGS,
    replicaBytes: bytes,
    healthyMs,
    checks: CHECKERS.length + OTHER_CHECKS,
    violations: [...checkHistory(recorder), ...unhealthy, ...different],
  })
}

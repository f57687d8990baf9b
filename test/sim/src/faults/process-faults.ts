import { duration, type Fault, type FaultContext, pickFrom } from './fault.ts'

type Crashable = FaultContext['cluster']['nodes'][number]

/** kill -9, and a new process after a while. */
export const killOne: Fault = (context) => {
  const { cluster, random } = context
  const node = pickFrom(random, random.below(3) === 0 ? cluster.nodes : cluster.brokers)
  return crash(context, [node], 'killed', 15_000)
}

/** One machine without power: nobody is told, and what was not synced may be gone. */
export const cutPowerOfOne: Fault = (context) =>
  crash(context, [pickFrom(context.random, context.cluster.brokers)], 'power', 15_000)

/** All machines but that of the database. */
export const cutPowerOfAll: Fault = (context) =>
  crash(context, context.cluster.nodes, 'power', 5_000)

/** All brokers are killed: nobody is left who knows a high watermark. */
export const killAllBrokers: Fault = (context) =>
  crash(context, context.cluster.brokers, 'killed', 5_000)

/** SIGSTOP and SIGCONT, or a virtual machine that is moved. */
export const pause: Fault = async ({ cluster, random, note, wait }) => {
  const node = pickFrom(random, random.below(2) === 0 ? cluster.nodes : cluster.brokers)
  const ms = duration(random, 100, 60_000)
  const { process, host } = node.machine
  if (process === null) return
  note(`${host} sleeps for ${ms} ms`)
  process.sleep(ms)
  await wait(ms)
}

/** A controlled shutdown, as in a rolling upgrade. */
export const restartGently: Fault = async ({ cluster, random, note, wait }) => {
  const node = pickFrom(random, cluster.brokers)
  if (node.broker === null) return
  note(`${node.machine.host} is stopped gently`)
  await Promise.race([node.stop(), wait(30_000)])
  await wait(duration(random, 100, 5_000))
  // Who operates it loses patience.
  node.crash('killed')
  node.start()
}

async function crash(
  { random, note, wait }: FaultContext,
  nodes: readonly Crashable[],
  how: 'killed' | 'power',
  downMsMax: number,
): Promise<void> {
  const down = nodes.filter((node) => !node.isDown)
  if (down.length === 0) return
  note(`${down.map(({ machine }) => machine.host).join(', ')}: ${how}`)
  for (const node of down) node.crash(how)
  await Promise.all(
    down.map(async (node) => {
      await wait(duration(random, 100, downMsMax))
      node.start()
    }),
  )
}

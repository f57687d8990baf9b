import { duration, type Fault, type FaultContext, pickFrom } from './fault.ts'

type Pair = readonly [string, string]

/** One machine and all others cannot hear each other. */
export const isolateOne: Fault = (context) => {
  const { cluster, random } = context
  const host = pickFrom(random, cluster.nodes).machine.host
  const others = cluster.hosts.filter((other) => other !== host)
  const pairs = others.flatMap((other): Pair[] => [
    [host, other],
    [other, host],
  ])
  return block(context, pairs, `${host} is cut off`)
}

/** One machine hears nobody, or nobody hears it. */
export const isolateOneWay: Fault = (context) => {
  const { cluster, random } = context
  const host = pickFrom(random, cluster.nodes).machine.host
  const others = cluster.hosts.filter((other) => other !== host)
  const isDeaf = random.below(2) === 0
  const pairs = others.map((other): Pair => (isDeaf ? [other, host] : [host, other]))
  return block(context, pairs, isDeaf ? `${host} hears nobody` : `nobody hears ${host}`)
}

/** Two machines cannot hear each other, or one of them not the other. */
export const cutOneLink: Fault = (context) => {
  const { cluster, random } = context
  const one = pickFrom(random, cluster.hosts)
  const other = pickFrom(random, cluster.hosts)
  if (one === other) return Promise.resolve()
  const pairs: Pair[] = [[one, other]]
  if (random.below(2) === 0) pairs.push([other, one])
  return block(context, pairs, `${pairs.map(([from, to]) => `${from} to ${to}`).join(', ')} is cut`)
}

/** Each machine is on one of two sides. */
export const splitInTwo: Fault = (context) => {
  const { cluster, random } = context
  const left = cluster.hosts.filter(() => random.below(2) === 0)
  const right = cluster.hosts.filter((host) => !left.includes(host))
  const pairs = left.flatMap((one) =>
    right.flatMap((other): Pair[] => [
      [one, other],
      [other, one],
    ]),
  )
  return block(context, pairs, `${left.join(', ')} | ${right.join(', ')}`)
}

/** Everything from one machine to another comes late. */
export const slowLink: Fault = async ({ cluster, random, note, wait }) => {
  const from = pickFrom(random, cluster.hosts)
  const to = pickFrom(random, cluster.hosts)
  const extraMs = duration(random, 20, 3_000)
  const ms = duration(random, 500, 20_000)
  note(`${from} to ${to} takes up to ${extraMs} ms more for ${ms} ms`)
  cluster.links.slow(from, to, extraMs)
  await wait(ms)
  cluster.links.slow(from, to, 0)
}

/** Connections break, with whatever is on its way. */
export const breakConnections: Fault = async ({ cluster, random, note }) => {
  const share = [0.05, 0.3, 1][random.below(3)] ?? 1
  const broken = cluster.network.breakSome(share)
  note(`${broken} connections break`)
}

async function block(
  { cluster, random, note, wait }: FaultContext,
  pairs: readonly Pair[],
  what: string,
): Promise<void> {
  const ms = duration(random, 200, 25_000)
  note(`${what} for ${ms} ms`)
  for (const [from, to] of pairs) cluster.links.block(from, to)
  await wait(ms)
  for (const [from, to] of pairs) cluster.links.unblock(from, to)
}

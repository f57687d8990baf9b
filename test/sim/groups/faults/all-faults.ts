import type { World } from '../world.ts'

export interface GroupFault {
  readonly name: string
  /** About. */
  readonly lastsMs: number
  /** Returns how to take it back; null if there was nothing to strike. */
  readonly strike: (world: World) => (() => void) | null
}

interface Node {
  readonly process: { sleep(ms: number): void; wake(): void } | null
  boot(): void
  kill(): void
}

export const allFaults: readonly GroupFault[] = [
  { name: 'kill a control plane', lastsMs: 6_000, strike: (world) => kill(world, 'controlPlanes') },
  {
    name: 'pause a control plane',
    lastsMs: 6_000,
    strike: (world) => pause(world, 'controlPlanes'),
  },
  {
    name: 'stop a control plane in order',
    lastsMs: 4_000,
    strike: (world) => {
      const node = anyOf(world, world.controlPlanes)
      if (node === null || node.process === null) return null
      const stopped = node.stop()
      stopped.catch((error: unknown) => world.fail(error))
      // It takes its time, and may be killed meanwhile.
      return () => {
        const boot = (): void => {
          if (node.process === null) node.boot()
        }
        boot()
        void stopped.then(boot)
      }
    },
  },
  { name: 'kill a gateway', lastsMs: 2_000, strike: (world) => kill(world, 'gateways') },
  { name: 'pause a gateway', lastsMs: 4_000, strike: (world) => pause(world, 'gateways') },
  { name: 'crash a member', lastsMs: 2_000, strike: (world) => kill(world, 'members') },
  { name: 'pause a member', lastsMs: 6_000, strike: (world) => pause(world, 'members') },
  {
    name: 'a member leaves',
    lastsMs: 1_500,
    strike: (world) => {
      const member = anyOf(world, world.members)
      if (member === null || member.process === null) return null
      member.leave()
      return () => member.comeBack()
    },
  },
  {
    name: 'a commit is late',
    lastsMs: 0,
    strike: (world) => {
      const member = anyOf(world, world.members)
      return member?.commitLate() ? () => {} : null
    },
  },
  {
    name: 'two processes use one member id',
    lastsMs: 3_000,
    strike: (world) => {
      const member = anyOf(world, world.members)
      const older = member?.process ?? null
      if (member === null || older === null) return null
      member.boot()
      return () => older.die('killed')
    },
  },
  {
    name: 'cut a gateway from a control plane',
    lastsMs: 5_000,
    strike: (world) => {
      const [gateway, node] = [anyOf(world, world.gateways), anyOf(world, world.controlPlanes)]
      return gateway === null || node === null ? null : world.cut(gateway.host, node.address)
    },
  },
  {
    name: 'answers get lost',
    lastsMs: 4_000,
    strike: (world) => {
      if (world.lostAnswers > 0) return null
      world.lostAnswers = world.random.next() * 0.5
      return () => {
        world.lostAnswers = 0
      }
    },
  },
  {
    name: 'the database is away',
    lastsMs: 4_000,
    strike: ({ database }) => {
      const { trouble } = database
      if (trouble.isAway) return null
      database.restart()
      trouble.isAway = true
      return () => {
        trouble.isAway = false
      }
    },
  },
  {
    name: 'slow database',
    lastsMs: 4_000,
    strike: ({ database: { trouble }, random }) => {
      if (trouble.extraMs > 0) return null
      trouble.extraMs = random.next() * 1_500
      return () => {
        trouble.extraMs = 0
      }
    },
  },
  {
    name: 'answers to COMMIT get lost',
    lastsMs: 4_000,
    strike: ({ database: { trouble }, random }) => {
      if (trouble.lostCommits > 0) return null
      trouble.lostCommits = random.next() * 0.8
      return () => {
        trouble.lostCommits = 0
      }
    },
  },
  {
    name: 'commits are late',
    lastsMs: 4_000,
    strike: ({ database: { trouble }, random }) => {
      if (trouble.lostCommits > 0) return null
      trouble.lostCommits = random.next() * 0.5
      trouble.lateMs = 6_000
      return () => {
        trouble.lostCommits = 0
        trouble.lateMs = 0
      }
    },
  },
  {
    name: 'partitions have no leader',
    lastsMs: 2_000,
    strike: (world) => {
      if (world.logsAreAway) return null
      world.logsAreAway = true
      return () => {
        world.logsAreAway = false
      }
    },
  },
  {
    name: 'partitions are added',
    lastsMs: 0,
    strike: (world) => {
      const { topics } = world.catalog
      const topic = topics[world.random.below(topics.length)]
      if (topic === undefined || topic.partitions > 8) return null
      world.setTopic({ ...topic, partitions: topic.partitions + 1 + world.random.below(2) })
      return () => {}
    },
  },
  {
    name: 'offsets are reset',
    lastsMs: 0,
    strike: (world) => {
      const node = anyOf(world, world.controlPlanes)
      const group = world.members[world.random.below(world.members.length)]?.options.group
      if (node === null || node.process === null || group === undefined) return null
      if (world.random.below(4) > 0) return null
      world.checks.working.fenced(group)
      node.reset(world.tenantId, group).catch(() => {})
      return () => {}
    },
  },
]

function kill(world: World, kind: 'controlPlanes' | 'gateways' | 'members'): (() => void) | null {
  const node: Node | null = anyOf<Node>(world, world[kind])
  if (node === null || node.process === null) return null
  node.kill()
  return () => {
    if (node.process === null) node.boot()
  }
}

function pause(world: World, kind: 'controlPlanes' | 'gateways' | 'members'): (() => void) | null {
  const process = anyOf<Node>(world, world[kind])?.process ?? null
  if (process === null) return null
  process.sleep(1_000_000)
  return () => process.wake()
}

function anyOf<Each>(world: World, all: readonly Each[]): Each | null {
  return all[world.random.below(all.length)] ?? null
}

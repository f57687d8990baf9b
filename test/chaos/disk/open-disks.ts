import type { ChaosDisks } from './chaos-disks.ts'
import { LimitedDisks } from './limited-disks.ts'
import { LoopbackDisks } from './loopback-disks.ts'
import { plainDisks } from './plain-disks.ts'

/** `auto`: the first that can be had. `plain`: the brokers use this machine's disk as it is. */
export type DiskChoice = 'auto' | 'limit' | 'plain'

export async function openDisks(choice: DiskChoice, home: string): Promise<ChaosDisks> {
  if (choice === 'plain') return plainDisks
  const loopback = choice === 'auto' ? await LoopbackDisks.open(home) : null
  return loopback ?? new LimitedDisks()
}

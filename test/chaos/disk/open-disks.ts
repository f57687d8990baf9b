import type { ChaosDisks } from './chaos-disks.ts'
import { LimitedDisks } from './limited-disks.ts'
import { LoopbackDisks } from './loopback-disks.ts'

/** `auto`: the first that can be had. */
export type DiskChoice = 'auto' | 'limit'

export async function openDisks(choice: DiskChoice, home: string): Promise<ChaosDisks> {
  const loopback = choice === 'auto' ? await LoopbackDisks.open(home) : null
  return loopback ?? new LimitedDisks()
}

import type { ChaosDisks } from './chaos-disks.ts'

/** The data of brokers lies where it does in `npm run cluster`, and nobody fills that. */
export const plainDisks: ChaosDisks = {
  means: 'disks: that of this machine, and every broker as shipped',
  adapt: (plan) => Promise.resolve(plan),
  canFill: () => false,
  fill: () => Promise.reject(new Error('the disk of this machine is not filled')),
  empty: () => Promise.resolve(),
  close: () => Promise.resolve(),
}

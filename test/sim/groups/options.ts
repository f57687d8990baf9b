import type { SeededRandom } from '@courant/kernel'

/** What a seed has drawn for its world. */
export interface GroupWorldOptions {
  readonly controlPlanes: number
  readonly gateways: number
  readonly groups: number
  readonly membersPerGroup: number
  readonly leaseMs: number
  readonly faultEveryMs: number
  readonly recordEveryMs: number
}

export function drawOptions(random: SeededRandom): GroupWorldOptions {
  return {
    controlPlanes: 1 + random.below(3),
    gateways: 1 + random.below(3),
    groups: 1 + random.below(2),
    membersPerGroup: 2 + random.below(4),
    leaseMs: 2_000 + random.below(8_000),
    faultEveryMs: 300 + random.below(2_000),
    recordEveryMs: 10 + random.below(120),
  }
}

import type { Target } from '../cluster/chaos-cluster.ts'
import { targetText } from '../faults/fault.ts'
import type { ChaosNetwork } from './chaos-network.ts'

export interface Link {
  readonly from: Target
  readonly to: Target
}

/** Counts the cuts of each link: it works again when the last fault that cut it has healed. */
export class Links {
  readonly #network: ChaosNetwork
  readonly #cuts = new Map<string, number>()

  constructor(network: ChaosNetwork) {
    this.#network = network
  }

  async cut(links: readonly Link[], how: 'lost' | 'refused'): Promise<void> {
    for (const link of links) {
      const count = this.#cuts.get(nameOf(link)) ?? 0
      this.#cuts.set(nameOf(link), count + 1)
      if (count === 0) await this.#network.cut(link.from, link.to, how)
    }
  }

  async mend(links: readonly Link[]): Promise<void> {
    for (const link of links) {
      const count = this.#cuts.get(nameOf(link)) ?? 0
      this.#cuts.set(nameOf(link), count - 1)
      if (count === 1) await this.#network.mend(link.from, link.to)
    }
  }
}

function nameOf({ from, to }: Link): string {
  return `${targetText(from)} to ${targetText(to)}`
}

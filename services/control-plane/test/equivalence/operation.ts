import type { SeededRandom } from '@courant/kernel'
import type { ClusterState } from '../model/database/cluster-state.ts'
import type { ModelCluster } from '../model/database/model-cluster.ts'
import type { Work } from '../model/database/transaction.ts'
import type { Choices } from './choices.ts'
import type { RealSide } from './real-side.ts'

export interface ModelSide {
  readonly cluster: ModelCluster
  /** Gives the same as the real side's. */
  readonly random: SeededRandom
}

/** One call, on both sides. */
export interface Operation {
  readonly name: string
  readonly request: unknown
  readonly onReal: (side: RealSide) => Promise<unknown>
  readonly onModel: (side: ModelSide) => Work<unknown>
}

/** What a generator of requests looks at: both databases are like this. */
export interface View {
  readonly state: ClusterState
  readonly choices: Choices
  readonly version: number
}

/** A kind of call: how both sides take a request, and what requests there are. */
export interface Kind {
  readonly name: string
  readonly weight: number
  readonly next: (view: View) => Operation
}

export function kind<Request>(
  name: string,
  weight: number,
  parts: {
    readonly request: (view: View) => Request
    readonly onReal: (side: RealSide, request: Request) => Promise<unknown>
    readonly onModel: (side: ModelSide, request: Request) => Work<unknown>
  },
): Kind {
  return {
    name,
    weight,
    next(view) {
      const request = parts.request(view)
      return {
        name,
        request,
        onReal: (side) => parts.onReal(side, request),
        onModel: (side) => parts.onModel(side, request),
      }
    },
  }
}

import { describe, expect, it } from 'vitest'
import { ModelCluster } from './model/model-cluster.ts'

const SEEDS = 300
const STEPS = 600

describe('a replicated partition', () => {
  it('keeps what is committed, whatever fails, and gets well again', () => {
    let acknowledged = 0
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const cluster = new ModelCluster(seed)
      try {
        cluster.run(STEPS)
        cluster.limp()
        cluster.heal()
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error })
      }
      acknowledged += cluster.acknowledged
    }
    expect(acknowledged).toBeGreaterThan(SEEDS)
  })
})

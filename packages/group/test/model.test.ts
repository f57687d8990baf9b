import { describe, expect, it } from 'vitest'
import { ModelGroup } from './model/model-group.ts'

const SEEDS = 60
const STEPS = 400

describe('a consumer group', () => {
  it('never gives a partition away that is in work, judges each commit rightly, and comes to rest', () => {
    let commits = 0
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const group = new ModelGroup(seed)
      try {
        group.run(STEPS)
        group.settleDown()
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error })
      }
      commits += group.commits
    }
    expect(commits).toBeGreaterThan(SEEDS)
  })
})

import { describe, expect, it } from 'vitest'
import { selfTimes } from './self-times.ts'

const frame = (functionName: string, url: string) => ({ functionName, url, lineNumber: 6 })

describe('a profile', () => {
  it('gives each function the time until the next sample, and idle time to nobody', () => {
    const times = selfTimes({
      nodes: [
        { id: 1, callFrame: frame('append', 'file:///home/me/courant/packages/log/src/ring.ts') },
        { id: 2, callFrame: frame('(idle)', '') },
        { id: 3, callFrame: frame('(garbage collector)', '') },
      ],
      samples: [1, 2, 1, 3, 2],
      timeDeltas: [0, 1000, 5000, 2000, 500],
    })
    expect(times.busyMs).toBe(3.5)
    expect([...times.byFile]).toEqual([
      ['packages/log/src/ring.ts', 3],
      ['(garbage collector)', 0.5],
    ])
    expect([...times.byFunction.keys()]).toContain('append  packages/log/src/ring.ts:7')
  })
})

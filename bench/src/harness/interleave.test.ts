import { describe, expect, it } from 'vitest'
import { ratioFigure, unmeasuredFigure, verdictOf } from './figure.ts'
import { fullPlan, interleave } from './interleave.ts'
import { Latencies, median } from './statistics.ts'

describe('a measurement', () => {
  it('alternates its sides and forgets the rounds that warmed up', async () => {
    const order: string[] = []
    const side = (name: string) => async () => order.push(name)
    const plan = { ...fullPlan, rounds: 3, warmUps: 1 }
    const results = await interleave(plan, { ours: side('A'), limit: side('B') })
    expect(order.join('')).toBe('ABABABAB')
    expect(results).toEqual({ ours: [3, 5, 7], limit: [4, 6, 8] })
  })

  it('is the quotient of the medians, which one bad round does not move', () => {
    const figure = ratioFigure({
      name: 'append',
      unit: 'B/s',
      ours: [80, 81, 5],
      limit: [100, 99, 400],
      limitName: 'raw',
      goal: { must: 0.5, aim: 0.9, sense: 'at least' },
    })
    expect(figure).toMatchObject({ value: 80, limit: 100, ratio: 0.8 })
    expect(verdictOf(figure)).toBe('met')
  })

  it('of a missing peer is said to be none', () => {
    const goal = { must: 5, aim: 7, sense: 'at least' } as const
    expect(verdictOf(unmeasuredFigure('x', 'Redis', goal, 'not installed'))).toBe('not measured')
  })
})

describe('statistics', () => {
  it('take the middle, or the mean of the two in the middle', () => {
    expect(median([3, 1, 2])).toBe(2)
    expect(median([4, 1, 2, 3])).toBe(2.5)
  })

  it('find percentiles among more samples than the first buffer holds', () => {
    const latencies = new Latencies()
    for (let sample = 99_999; sample >= 0; sample--) latencies.record(sample)
    expect(latencies.summary()).toEqual({ p50: 50_000, p99: 99_000, p999: 99_900 })
  })
})

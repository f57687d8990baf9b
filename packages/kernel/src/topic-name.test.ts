import { describe, expect, it } from 'vitest'
import { topicNameProblem } from './topic-name.ts'

describe('topicNameProblem', () => {
  it.each(['orders', 'a', '_internal', 'a.b-c_D9', 'x'.repeat(249)])('accepts %s', (name) => {
    expect(topicNameProblem(name)).toBeNull()
  })

  it.each(['', '.', '..', 'a/b', '../etc', 'a\0', 'a b', 'é', 'a\n', 'x'.repeat(250), '%2e%2e'])(
    'refuses %j and says why',
    (name) => {
      expect(topicNameProblem(name)).toMatch(/^A topic name /)
    },
  )
})

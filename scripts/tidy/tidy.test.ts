import { describe, expect, it } from 'vitest'
import { checkBannedCalls } from './banned-calls.ts'
import { checkDocuments } from './documents.ts'
import { checkLayers } from './layers.ts'
import { checkSizes } from './sizes.ts'

const broker = 'services/broker/src/broker.ts'

describe('tidy sees', () => {
  it('a file that is too long', () => {
    const found = checkSizes([{ path: broker, text: 'const a = 1\n'.repeat(401) }])
    expect(found).toHaveLength(1)
  })

  it('the clock read outside its port, and lets the port read it', () => {
    const text = 'const at = Date.now()\n'
    expect(checkBannedCalls([{ path: broker, text }])).toMatchObject([{ line: 1 }])
    expect(checkBannedCalls([{ path: 'packages/kernel/src/clock.ts', text }])).toEqual([])
  })

  it('leftovers and tests that do not run', () => {
    const leftovers = ['// TO', 'DO later\nit.on', "ly('x', () => {})\nconst a = b as an", 'y\n']
    expect(
      checkBannedCalls([{ path: 'test/e2e/src/a.test.ts', text: leftovers.join('') }]),
    ).toEqual([
      expect.objectContaining({ line: 1 }),
      expect.objectContaining({ line: 2 }),
      expect.objectContaining({ line: 3 }),
    ])
  })

  it.each([
    [broker, "import { x } from '@courant/gateway'\n"],
    ['packages/kernel/src/a.ts', "import { x } from '@courant/log'\n"],
    [broker, "import { x } from '../../gateway/src/index.ts'\n"],
  ])('an import against the arrows in %s', (path, text) => {
    expect(checkLayers([{ path, text }])).toHaveLength(1)
  })

  it('a dead link, a second title and a gap in the decisions', () => {
    const found = checkDocuments([
      { path: 'README.md', text: '# A\n[gone](docs/gone.md) [here](docs/adr/0002-b.md)\n# B\n' },
      { path: 'docs/adr/0002-b.md', text: '# 2\n```\n# not a title\n```\n' },
    ])
    expect(found.map((finding) => finding.message)).toEqual([
      '2 titles; a page has one',
      'the link to docs/gone.md leads nowhere',
      'expected decision 0001 here',
    ])
  })
})

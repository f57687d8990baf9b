import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { arbitraryMessage } from './arbitrary.ts'
import { codecs } from './codecs.ts'

describe('every message in every version', () => {
  it.each(codecs)('decodes to what was encoded: $name', (codec) => {
    const messages = arbitraryMessage(codec.node, codec.version, codec.flexibleSince)
    fc.assert(
      fc.property(messages, (message) => {
        expect(codec.decode(codec.encode(message))).toEqual(message)
      }),
      { numRuns: 30 },
    )
  })

  it.each(codecs)('takes left-out optional fields for their defaults: $name', (codec) => {
    const messages = arbitraryMessage(codec.node, codec.version, codec.flexibleSince)
    fc.assert(
      fc.property(messages, (message) => {
        expect(codec.encode(withoutDefaults(codec.node, message))).toEqual(codec.encode(message))
      }),
      { numRuns: 10 },
    )
  })
})

/** The same message with every optional field left out that has its default anyway. */
function withoutDefaults(node: (typeof codecs)[number]['node'], message: unknown): unknown {
  if (node.kind !== 'struct') return message
  const entries = Object.entries(message as Record<string, unknown>)
  const initials = new Map(node.fields.map(({ name, initial }) => [name, initial]))
  return Object.fromEntries(
    entries.filter(([name, value]) => {
      const initial = initials.get(name)
      return initial === undefined || JSON.stringify(initial) !== JSON.stringify(value)
    }),
  )
}

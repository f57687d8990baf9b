import fc from 'fast-check'

/** JSON texts as people and machines write them, with all that parse and print would lose. */
const space = fc.constantFrom('', '', '', ' ', '\n', '\t', ' \r\n ')

const number = fc.oneof(
  fc.integer().map(String),
  fc.constantFrom('0', '-0', '1.0', '1.50', '1E5', '1e+005', '-2.5e-3', '12345678901234567890'),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
)

const string = fc.oneof(
  fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
  fc.constantFrom('"\\u00e9"', '"\\/"', '"\\ud83d\\ude00"', '"\\ud800"', '"ü€😀"', '"__proto__"'),
)

const scalar = fc.oneof(number, string, fc.constantFrom('true', 'false', 'null'))

export const anyJson: fc.Arbitrary<string> = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, depthIdentifier: 'json' },
    scalar,
    fc
      .tuple(space, fc.array(fc.tuple(tie('value'), space), { depthIdentifier: 'json' }))
      .map(([before, items]) => `[${before}${items.map((item) => item.join('')).join(',')}]`),
    fc
      .tuple(
        space,
        fc.array(fc.tuple(string, space, tie('value'), space), { depthIdentifier: 'json' }),
      )
      .map(([before, members]) => {
        const texts = members.map(
          ([name, gap, value, after]) => `${name}${gap}:${gap}${value}${after}`,
        )
        return `{${before}${texts.join(`,${before}`)}}`
      }),
  ),
})).value

/** JSON with a few characters changed: mostly not JSON any more. */
export const almostJson: fc.Arbitrary<string> = fc
  .tuple(
    anyJson,
    fc.array(fc.tuple(fc.nat(), fc.constantFrom(...'{}[],:"\\ \n0-.eEtnu\u0001')), {
      maxLength: 3,
    }),
  )
  .map(([text, edits]) =>
    edits.reduce((current, [chosen, character]) => {
      const at = chosen % (current.length + 1)
      return current.slice(0, at) + character + current.slice(at + (chosen % 2))
    }, text),
  )

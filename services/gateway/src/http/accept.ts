/**
 * Content negotiation (RFC 9110, 12.5.1), as far as an API needs it: the best of the types that a
 * route produces, or null when the caller wants none of them.
 */
export function negotiate(accept: string | undefined, produced: readonly string[]): string | null {
  const [preferred] = produced
  if (preferred === undefined) return null
  if (accept === undefined || accept === '' || accept === '*/*') return preferred
  const ranges = accept.split(',', RANGES_MAX).map(parseRange)
  let best: string | null = null
  let bestQuality = 0
  for (const type of produced) {
    const quality = qualityOf(type, ranges)
    if (quality > bestQuality) {
      best = type
      bestQuality = quality
    }
  }
  return best
}

interface Range {
  readonly type: string
  readonly quality: number
}

/** Nobody lists more types in earnest; a header full of commas must not cost us time. */
const RANGES_MAX = 32

function parseRange(text: string): Range {
  const [type = '', ...parameters] = text.split(';')
  const weight = parameters.map((part) => part.trim()).find((part) => /^q=/i.test(part))
  const quality = weight === undefined ? 1 : Number(weight.slice(2))
  return { type: type.trim().toLowerCase(), quality: quality >= 0 && quality <= 1 ? quality : 0 }
}

/** The most specific range that covers the type decides, whatever its weight. */
function qualityOf(type: string, ranges: readonly Range[]): number {
  const major = `${type.slice(0, type.indexOf('/'))}/*`
  for (const candidate of [type, major, '*/*']) {
    const found = ranges.find((range) => range.type === candidate)
    if (found !== undefined) return found.quality
  }
  return 0
}

/** Digits of the largest safe integer. */
const SAFE_DIGITS = 16

/** The value of a JSON number without sign, fraction and exponent; -1 for any other text. */
export function wholeNumber(bytes: Buffer, start: number, end: number): number {
  if (start === end || end - start > SAFE_DIGITS) return -1
  let value = 0
  for (let position = start; position < end; position += 1) {
    const digit = (bytes[position] ?? 0) - 0x30
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return Number.isSafeInteger(value) ? value : -1
}

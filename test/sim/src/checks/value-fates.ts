import { ensure } from './violation.ts'

/** What has become of every value that a client has written: each is used once. */
export class ValueFates {
  readonly #places = new Map<string, string>()
  readonly #refused = new Set<string>()
  /** Of what a leader has acknowledged alone: there or nowhere. */
  readonly #promised = new Map<string, string>()

  /** Where it is committed, as `<partition>@<offset>`. */
  placeOf(value: string): string | undefined {
    return this.#places.get(value)
  }

  committed(value: string, place: string): void {
    const before = this.#places.get(value)
    ensure(before === undefined, () => `duplicate: ${value} is ${before} and ${place}`)
    ensure(
      !this.#refused.has(value),
      () => `${value} was refused as not applied, and is committed as ${place}`,
    )
    const promised = this.#promised.get(value) ?? place
    ensure(
      promised === place,
      () => `${value} is acknowledged as ${promised}, and is committed as ${place}`,
    )
    this.#places.set(value, place)
  }

  /** Its leader has it at a place, and may lose it yet; but then it is nowhere. */
  promised(value: string, place: string): void {
    const actual = this.#places.get(value) ?? place
    ensure(
      actual === place,
      () => `${value} is acknowledged as ${place}, and is committed as ${actual}`,
    )
    this.#promised.set(value, place)
  }

  /** A client was told that its record has not been applied, and never will be. */
  refused(value: string): void {
    this.#refused.add(value)
    const place = this.#places.get(value)
    ensure(
      place === undefined,
      () => `${value} is refused as not applied, and is committed as ${place}`,
    )
  }
}

import { ensure } from './violation.ts'

/** What has become of every value that a client has written: each is used once. */
export class ValueFates {
  readonly #places = new Map<string, string>()
  readonly #refused = new Set<string>()

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
    this.#places.set(value, place)
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

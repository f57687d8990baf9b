/**
 * Rows by their key. A row is never altered, only replaced, so that a copy of the table is as cheap
 * as a map. It remembers what was there since the last commit, so nothing but a transaction may
 * write to it.
 */
export class Table<Key, Row> {
  readonly #rows: Map<Key, Row>
  readonly #before = new Map<Key, Row | undefined>()

  constructor(rows: Iterable<readonly [Key, Row]> = []) {
    this.#rows = new Map(rows)
  }

  get size(): number {
    return this.#rows.size
  }

  get(key: Key): Row | undefined {
    return this.#rows.get(key)
  }

  has(key: Key): boolean {
    return this.#rows.has(key)
  }

  /** In no order. */
  values(): IterableIterator<Row> {
    return this.#rows.values()
  }

  set(key: Key, row: Row): void {
    this.#remember(key)
    this.#rows.set(key, row)
  }

  delete(key: Key): void {
    this.#remember(key)
    this.#rows.delete(key)
  }

  copy(): Table<Key, Row> {
    return new Table(this.#rows)
  }

  /** Becomes what another is; nothing of that is part of a transaction. */
  become(other: Table<Key, Row>): void {
    this.#rows.clear()
    for (const [key, row] of other.#rows) this.#rows.set(key, row)
    this.#before.clear()
  }

  commit(): void {
    this.#before.clear()
  }

  rollBack(): void {
    for (const [key, row] of this.#before) {
      if (row === undefined) this.#rows.delete(key)
      else this.#rows.set(key, row)
    }
    this.#before.clear()
  }

  #remember(key: Key): void {
    if (!this.#before.has(key)) this.#before.set(key, this.#rows.get(key))
  }
}

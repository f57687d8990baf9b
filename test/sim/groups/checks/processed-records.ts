/** Which records a group has processed, by the partition. */
export class ProcessedRecords {
  readonly #done = new Map<string, Set<number>>()
  /** All below it are done. */
  readonly #floor = new Map<string, number>()
  count = 0
  repeated = 0

  add(place: string, offset: number): void {
    const done = this.#done.get(place) ?? new Set<number>()
    this.#done.set(place, done)
    let floor = this.#floor.get(place) ?? 0
    if (offset < floor || done.has(offset)) this.repeated += 1
    else this.count += 1
    if (offset >= floor) done.add(offset)
    while (done.delete(floor)) floor += 1
    this.#floor.set(place, floor)
  }

  /** The first offset below `end` that nobody has processed. */
  firstMissing(place: string, end: number): number | null {
    const floor = this.#floor.get(place) ?? 0
    return floor < end ? floor : null
  }
}

/**
 * Requests of equal length laid end to end, so that any number of the next ones is one slice: a
 * load generator that built each request would measure itself.
 */
export class Train {
  readonly #bytes: Buffer
  readonly #carBytes: number
  readonly #cars: number
  #next = 0

  constructor(requests: readonly Uint8Array[]) {
    this.#bytes = Buffer.concat(requests)
    this.#cars = requests.length
    this.#carBytes = this.#bytes.length / requests.length
    if (requests.some((request) => request.length !== this.#carBytes)) {
      throw new Error('the requests of a train are of one length')
    }
  }

  /** The next `count` requests, going round. More than one slice where the end is passed. */
  take(count: number): Buffer[] {
    const slices: Buffer[] = []
    for (let left = count; left > 0; ) {
      const taken = Math.min(left, this.#cars - this.#next)
      const from = this.#next * this.#carBytes
      slices.push(this.#bytes.subarray(from, from + taken * this.#carBytes))
      this.#next = (this.#next + taken) % this.#cars
      left -= taken
    }
    return slices
  }
}

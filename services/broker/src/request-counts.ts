import { errorFromKafka, NO_ERROR } from '@courant/kafka-protocol'

/** Requests that were answered, by API and by what came of them. Cheap enough for the hot path. */
export class RequestCounts {
  readonly #apis = new Map<string, Map<number, number>>()

  /** `errorCode`: Kafka's number of the first error in the answer, or of no error. */
  add(api: string, errorCode: number): void {
    let codes = this.#apis.get(api)
    if (codes === undefined) {
      codes = new Map()
      this.#apis.set(api, codes)
    }
    codes.set(errorCode, (codes.get(errorCode) ?? 0) + 1)
  }

  *entries(): Generator<{ readonly api: string; readonly error: string; readonly count: number }> {
    for (const [api, codes] of this.#apis) {
      for (const [code, count] of codes) {
        const error = code === NO_ERROR ? 'none' : errorFromKafka(code, null, 'read').code
        yield { api, error, count }
      }
    }
  }
}

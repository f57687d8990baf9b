import type { MemberPositions } from '../poll/member-positions.ts'

/** What was sent with one token. */
export interface Sent {
  readonly records: number
  readonly bytes: number
  /** Behind the last record of each partition, by `topicId/partition`. */
  readonly reached: ReadonlyMap<string, number>
}

/** What a stream has sent and nobody has committed, oldest first. */
export class Unacked {
  records = 0
  bytes = 0
  readonly #sent: Sent[] = []

  get isEmpty(): boolean {
    return this.#sent.length === 0
  }

  add(sent: Sent): void {
    this.#sent.push(sent)
    this.records += sent.records
    this.bytes += sent.bytes
  }

  /** Drops what is committed by now. */
  settle(positions: MemberPositions): void {
    let settled = 0
    for (const sent of this.#sent) {
      if (!positions.isSettled(sent.reached)) break
      settled += 1
      this.records -= sent.records
      this.bytes -= sent.bytes
    }
    this.#sent.splice(0, settled)
  }
}

import type { MemberPosition } from '../../groups/poll/member-positions.ts'

interface Marks {
  /** Where the first delivery began. */
  readonly first: number
  /** Behind the last record that was delivered. */
  upTo: number
  /** What was acknowledged, committed or not yet. */
  acknowledged: number
  /** Leader epochs of what was delivered, each with where it begins; oldest first. */
  readonly epochs: { readonly from: number; readonly leaderEpoch: number }[]
}

/**
 * What a stream has delivered of the partitions that it has, as far as that is needed to judge what
 * the member says of it. Forgotten with the position.
 */
export class Delivered {
  readonly #marks = new WeakMap<MemberPosition, Marks>()

  add(position: MemberPosition, from: number, to: number, leaderEpoch: number): void {
    const marks = this.#marks.get(position)
    if (marks === undefined) {
      const epochs = [{ from, leaderEpoch }]
      this.#marks.set(position, { first: from, upTo: to, acknowledged: -1, epochs })
      return
    }
    marks.upTo = Math.max(marks.upTo, to)
    if (marks.epochs.at(-1)?.leaderEpoch !== leaderEpoch) marks.epochs.push({ from, leaderEpoch })
  }

  /** Whether records below the offset, and none at it, can have been processed. */
  reaches(position: MemberPosition, offset: number): boolean {
    const upTo = this.#marks.get(position)?.upTo ?? position.committed ?? -1
    return offset >= 0 && offset <= upTo
  }

  /** The leader epoch of the record before the offset; -1 if that is not known. */
  leaderEpochBefore(position: MemberPosition, offset: number): number {
    const epochs = this.#marks.get(position)?.epochs ?? []
    return epochs.findLast(({ from }) => from < offset)?.leaderEpoch ?? -1
  }

  acknowledge(position: MemberPosition, offset: number): void {
    const marks = this.#marks.get(position)
    if (marks === undefined) return
    marks.acknowledged = Math.max(marks.acknowledged, offset)
    const behind = marks.epochs.findLastIndex(({ from }) => from < marks.acknowledged)
    if (behind > 0) marks.epochs.splice(0, behind)
  }

  /** Where one goes on who works on nothing of it; null where the rule for a start says so. */
  resumeAt(position: MemberPosition): number | null {
    const marks = this.#marks.get(position)
    const acknowledged = Math.max(marks?.acknowledged ?? -1, position.committed ?? -1)
    return acknowledged >= 0 ? acknowledged : (marks?.first ?? null)
  }
}

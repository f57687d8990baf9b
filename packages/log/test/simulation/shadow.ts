import {
  type KnownProducers,
  producersTruncated,
  type SentBatch,
  withProduced,
} from './producers.ts'
import { ensure } from './violation.ts'

/** A batch, by what identifies it: its checksum stands for its records. */
export interface ShadowBatch {
  readonly base: number
  readonly next: number
  readonly epoch: number
  readonly crc: number
  readonly timestamp: number
  /** Null unless an idempotent producer sent it. */
  readonly sent: SentBatch | null
}

/** A log at one moment. */
export interface Image {
  readonly start: number
  readonly end: number
  readonly epochs: readonly { readonly epoch: number; readonly offset: number }[]
  readonly batches: readonly ShadowBatch[]
  readonly producers: KnownProducers
}

const NO_PRODUCERS: KnownProducers = new Map()

export const EMPTY: Image = emptyAt(0)

export function latestEpoch({ epochs }: Image): number {
  return epochs[epochs.length - 1]?.epoch ?? -1
}

export function withEpoch(image: Image, epoch: number): Image {
  if (epoch <= latestEpoch(image)) return image
  return { ...image, epochs: [...image.epochs, { epoch, offset: image.end }] }
}

/** `change`: the number that this change of the shadow will have. */
export function withBatches(
  image: Image,
  added: readonly ShadowBatch[],
  { change, atMs }: { readonly change: number; readonly atMs: number },
): Image {
  const last = added[added.length - 1]
  if (last === undefined) return image
  let { producers } = image
  for (const { sent, base } of added) {
    if (sent !== null) producers = withProduced(producers, { ...sent, base, change, atMs })
  }
  return {
    ...withEpoch(image, last.epoch),
    end: last.next,
    batches: [...image.batches, ...added],
    producers,
  }
}

export function trimmed(image: Image, start: number): Image {
  if (start <= image.start) return image
  return { ...image, start, batches: image.batches.filter(({ next }) => next > start) }
}

/** After a restart: nothing is left. */
export function emptyAt(offset: number): Image {
  return { start: offset, end: offset, epochs: [], batches: [], producers: NO_PRODUCERS }
}

export function truncated(image: Image, offset: number): Image {
  const end = image.batches.find(({ next }) => next > offset)?.base ?? image.end
  return {
    start: Math.min(image.start, end),
    end,
    epochs: image.epochs.filter((start) => start.offset < end),
    batches: image.batches.filter(({ base }) => base < end),
    producers: producersTruncated(image.producers, end),
  }
}

interface Step {
  readonly sequence: number
  /** Null: the partition does not exist. */
  readonly image: Image | null
}

/**
 * What every partition was after every change, in the one order in which the ring has the changes.
 * After a crash the directory must be what it was after some change, all partitions after the same
 * one, and not before the newest that was acknowledged.
 */
export class Shadow {
  readonly #steps: Map<number, Step[]>
  #sequence = 0
  #acknowledged = 0

  constructor(partitions: readonly number[]) {
    this.#steps = new Map(
      partitions.map((partition) => [partition, [{ sequence: 0, image: null }]]),
    )
  }

  get sequence(): number {
    return this.#sequence
  }

  image(partition: number): Image | null {
    return this.#at(partition, this.#sequence)
  }

  change(partition: number, image: Image | null): number {
    this.#sequence += 1
    this.#steps.get(partition)?.push({ sequence: this.#sequence, image })
    return this.#sequence
  }

  acknowledge(sequence: number): void {
    this.#acknowledged = Math.max(this.#acknowledged, sequence)
  }

  /**
   * The change up to which a recovered directory goes, the newest that fits; it is the start of all
   * that follows. `least` is the newest acknowledged one unless damage may have taken some.
   */
  settle(matches: (partition: number, image: Image | null) => boolean): void {
    const found = this.find(matches, this.#acknowledged)
    ensure(found !== null, 'the recovered logs are none that a crash may leave')
    for (const [partition, steps] of this.#steps) {
      const happened = steps.filter(({ sequence }) => sequence <= found)
      this.#steps.set(partition, happened)
    }
    this.#sequence = found
    this.#acknowledged = found
  }

  find(matches: (partition: number, image: Image | null) => boolean, least: number): number | null {
    for (let candidate = this.#sequence; candidate >= least; candidate -= 1) {
      const partitions = [...this.#steps.keys()]
      if (partitions.every((partition) => matches(partition, this.#at(partition, candidate)))) {
        return candidate
      }
    }
    return null
  }

  #at(partition: number, sequence: number): Image | null {
    return this.#imageIn(this.#steps.get(partition) ?? [], sequence)
  }

  #imageIn(steps: readonly Step[], sequence: number): Image | null {
    return steps.findLast((step) => step.sequence <= sequence)?.image ?? null
  }
}
